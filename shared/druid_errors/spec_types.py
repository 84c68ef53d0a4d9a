"""A spec whose JSON, or a type in it, Druid does not understand."""

from __future__ import annotations

from .entry import Entry, Fault, Place

_SPEC = (Place.SUBMISSION, Place.SAMPLER)
_ANY = (Place.SUBMISSION, Place.SAMPLER, Place.MANAGEMENT)
_EXTENSION = (
    "Have the extension that brings it loaded in every service of Druid (druid.extensions.loadList), then send "
    "the load "
    "again as it is."
)
_REPORT = "This is a fault in how the load was made, not in the file: report it with Druid's own words."

ENTRIES = (
    Entry(
        code="druid_input_source_unknown",
        places=_SPEC,
        patterns=(r"Could not resolve type id '(?P<type>[^']*)' as a subtype of `[\w.]*\.InputSource`",),
        cause="This Druid has no input source of type {type}, so it cannot read from there.",
        fault=Fault.DRUID,
        what_to_do=_EXTENSION,
        safe_to_retry=True,
        example=(
            "Please make sure to load all the necessary extensions and jars with type 'azureStorage' on "
            "'druid/coordinator' service. Could not resolve type id 'azureStorage' as a subtype of "
            "`org.apache.druid.data.input.InputSource` known type ids = [combining, druid, generator, http, inline, "
            "local, s3, sql] (for POJO property 'inputSource')"
        ),
    ),
    Entry(
        code="druid_input_format_unknown",
        places=_SPEC,
        patterns=(r"Could not resolve type id '(?P<type>[^']*)' as a subtype of `[\w.]*\.InputFormat`",),
        cause="This Druid cannot read the format {type}.",
        fault=Fault.DRUID,
        what_to_do=_EXTENSION,
        safe_to_retry=True,
        example=(
            "Please make sure to load all the necessary extensions and jars with type 'parquet' on 'druid/coordinator' "
            "service. Could not resolve type id 'parquet' as a subtype of `org.apache.druid.data.input.InputFormat` "
            "known type ids = [csv, json, regex, tsv] (for POJO property 'inputFormat')"
        ),
    ),
    Entry(
        code="druid_metric_unknown",
        places=_SPEC,
        patterns=(r"Could not resolve type id '(?P<type>[^']*)' as a subtype of `[\w.]*\.AggregatorFactory`",),
        cause="This Druid has no metric of type {type}; sketches are in extensions of their own.",
        fault=Fault.DATASOURCE,
        what_to_do=(
            "Choose another type for the metric in the datasource's definition, or have the extension loaded in every "
            "service of Druid, then retry the task."
        ),
        safe_to_retry=False,
        example=(
            "Please make sure to load all the necessary extensions and jars with type 'HLLSketchBuild' on "
            "'druid/coordinator' service. Could not resolve type id 'HLLSketchBuild' as a subtype of "
            "`org.apache.druid.query.aggregation.AggregatorFactory` known type ids = [cardinality, count, doubleAny]"
        ),
    ),
    Entry(
        code="druid_type_unknown",
        places=_ANY,
        patterns=(r"Could not resolve type id '(?P<type>[^']*)' as a subtype of `(?:[\w$]+\.)*(?P<kind>[\w$]+)`",),
        cause="This Druid knows no {kind} of type {type}: the extension that brings it is missing, or nothing has it.",
        fault=Fault.DRUID,
        what_to_do=_EXTENSION,
        safe_to_retry=True,
        example=(
            "Please make sure to load all the necessary extensions and jars with type 'index_kafka' on "
            "'druid/coordinator' service. Could not resolve type id 'index_kafka' as a subtype of "
            "`org.apache.druid.indexing.common.task.Task` known type ids = [archive, compact, index, index_hadoop, "
            "index_parallel, kill, move, noop, restore, single_phase_sub_task]"
        ),
    ),
    Entry(
        code="druid_type_missing",
        places=(*_ANY, Place.QUERY),
        patterns=(
            r"Could not resolve subtype of \[simple type, class (?:[\w$]+\.)*(?P<kind>[\w$]+)\]: missing type id",
        ),
        cause="The JSON of a {kind} does not say its type.",
        fault=Fault.PLATFORM,
        what_to_do=_REPORT,
        safe_to_retry=False,
        example=(
            "Could not resolve subtype of [simple type, class org.apache.druid.indexing.common.task.Task]: "
            "missing type "
            "id property 'type'"
        ),
    ),
    Entry(
        code="druid_json_unreadable",
        places=(*_ANY, Place.QUERY),
        patterns=(r"JsonParseException: (?P<what>.+)", r"(?P<what>Unexpected (?:end-of-input|character|token)\b.*)"),
        cause="Druid cannot read the JSON that was sent to it: {what}.",
        fault=Fault.PLATFORM,
        what_to_do=(
            "See whether a proxy between this platform and Druid cuts long requests short; if not, report it with "
            "Druid's own words."
        ),
        safe_to_retry=False,
        example=(
            "javax.servlet.ServletException: com.fasterxml.jackson.core.JsonParseException: Unexpected end-of-input "
            "within/between Object entries"
        ),
    ),
    Entry(
        code="druid_field_type",
        places=_ANY,
        patterns=(r"Cannot deserialize value of type `(?:[\w$]+\.)*(?P<type>[\w$.<>]+)` from (?P<what>[^\n:(]+)",),
        cause="A field of the spec has to be of type {type}, and is this: {what}.",
        fault=Fault.PLATFORM,
        what_to_do=_REPORT,
        safe_to_retry=False,
        example='Cannot deserialize value of type `int` from String "many": not a valid `int` value',
    ),
    Entry(
        code="druid_field_missing",
        places=(*_SPEC, Place.TASK),
        patterns=(
            r'because "(?P<field>\w+)" is null',
            r"At least one of properties\[\[(?P<field>[\w, ]+)\]\] must be present",
            r"problem: (?P<field>inputSource|timestampSpec|interval)$",
            r"NullPointerException: (?P<field>inputRowParser)",
        ),
        cause="The spec lacks a part that Druid needs: {field}.",
        fault=Fault.PLATFORM,
        what_to_do=_REPORT,
        safe_to_retry=False,
        example=(
            "Cannot construct instance of `org.apache.druid.indexing.common.task.batch.parallel."
            "ParallelIndexIngestionSpec`, problem: At least one of properties[[parser, inputFormat]] must be present"
        ),
    ),
    Entry(
        code="druid_spec_too_large",
        places=(Place.SUBMISSION,),
        patterns=(r"has payload of size\[(?P<size>\d+)\] but max allowed size is \[(?P<most>\d+)\]",),
        cause="The load's spec has {size} bytes, and this Druid takes at most {most}.",
        fault=Fault.DRUID,
        what_to_do=(
            "Have druid.indexer.queue.maxTaskPayloadSize raised, or send the file in several parts with fewer columns."
        ),
        safe_to_retry=True,
        example=(
            "Task[ingest_1] has payload of size[70000000] but max allowed size is [62914560]. Reduce the size of "
            "the task "
            "payload or increase 'druid.indexer.queue.maxTaskPayloadSize'."
        ),
        provoked=False,
    ),
)
