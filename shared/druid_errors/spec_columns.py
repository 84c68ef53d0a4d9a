"""A spec whose names or columns Druid refuses."""

from __future__ import annotations

from .entry import Entry, Fault, Place

_SPEC = (Place.SUBMISSION, Place.SAMPLER)
_SCHEMA = "Cannot construct instance of `org.apache.druid.segment.indexing.DataSchema`, problem: "
_TASK = (
    "Cannot construct instance of `org.apache.druid.indexing.common.task.batch.parallel.ParallelIndexSupervisorTask`"
)

ENTRIES = (
    Entry(
        code="druid_datasource_name",
        places=_SPEC,
        patterns=(r"Invalid value for field \[dataSource\]: (?P<what>.+?)\.?$",),
        cause="Druid does not allow this name of a datasource: {what}.",
        fault=Fault.DATASOURCE,
        what_to_do="Give the datasource another name, and upload the file to that one.",
        safe_to_retry=False,
        example=_SCHEMA + "Invalid value for field [dataSource]: Value [a/b] cannot contain '/'.",
    ),
    Entry(
        code="druid_task_id",
        places=(Place.SUBMISSION,),
        patterns=(r"Invalid value for field \[task ID\]: (?P<what>.+?)\.?$",),
        cause="Druid does not allow this id of a task: {what}.",
        fault=Fault.PLATFORM,
        what_to_do="This is a fault in how the load was named: report it with Druid's own words.",
        safe_to_retry=False,
        example=_TASK + ", problem: Invalid value for field [task ID]: Value [.a] cannot start with '.'.",
    ),
    Entry(
        code="druid_id_taken",
        places=(Place.SUBMISSION,),
        patterns=(r"Task\[(?P<id>[^\]]*)\] already exists",),
        cause="Druid has had a task of the id {id} before.",
        fault=Fault.PLATFORM,
        what_to_do="Upload the file again: a new upload gets a new id.",
        safe_to_retry=False,
        example="Task[ingest_1] already exists",
    ),
    Entry(
        code="druid_metadata_refused",
        places=(Place.SUBMISSION,),
        patterns=(r"Encountered metadata exception for task \[(?P<id>[^\]]*)\]",),
        cause="Druid could not write the task {id} into its metadata store, where names have at most 255 characters.",
        fault=Fault.DRUID,
        what_to_do="Shorten the datasource's name if it is that long; otherwise have Druid's metadata store looked at.",
        safe_to_retry=False,
        example="Encountered metadata exception for task [cat_259f466cf3]",
    ),
    Entry(
        code="druid_column_twice",
        places=_SPEC,
        patterns=(
            r"Duplicate column entries found : \[(?P<columns>[^\]]*)\]",
            r"Cannot specify a column more than once: (?P<columns>[^\n]+)",
        ),
        cause=(
            "A column stands in the datasource's definition more than once, as a dimension or as a metric: {columns}."
        ),
        fault=Fault.DATASOURCE,
        what_to_do="Give each dimension and each metric a name of its own, then retry the task.",
        safe_to_retry=False,
        example=_SCHEMA + "Cannot specify a column more than once: [n] seen in dimensions list, metricsSpec list",
    ),
    Entry(
        code="druid_time_as_dimension",
        places=_SPEC,
        patterns=(r"Encountered dimension\[__time\] with incorrect type\[(?P<type>\w+)\]",),
        cause=(
            "The datasource's definition has __time as a dimension of type {type}; Druid's time column is always "
            "a long."
        ),
        fault=Fault.DATASOURCE,
        what_to_do="Take __time out of the dimensions, or give the column another name, then retry the task.",
        safe_to_retry=False,
        example=_SCHEMA + "Encountered dimension[__time] with incorrect type[STRING]. Type must be 'long'.",
    ),
    Entry(
        code="druid_metric_incomplete",
        places=_SPEC,
        patterns=(r"Must have a valid, non-null (?P<what>aggregator name|fieldName or expression)",),
        cause="A metric of the datasource's definition lacks its {what}.",
        fault=Fault.DATASOURCE,
        what_to_do="Say the metric's name and the column that it is made of, then retry the task.",
        safe_to_retry=False,
        example=(
            "Cannot construct instance of `org.apache.druid.query.aggregation.LongSumAggregatorFactory`, problem: Must "
            "have a valid, non-null fieldName or expression"
        ),
    ),
    Entry(
        code="druid_transform_twice",
        places=_SPEC,
        patterns=(r"Transform name '(?P<column>[^']*)' cannot be used twice",),
        cause="Two transforms of the datasource's definition make the column {column}.",
        fault=Fault.DATASOURCE,
        what_to_do="Give each transform a name of its own, then retry the task.",
        safe_to_retry=False,
        example=(
            "Cannot construct instance of `org.apache.druid.segment.transform.TransformSpec`, problem: Transform "
            "name 'z' "
            "cannot be used twice"
        ),
    ),
    Entry(
        code="druid_expression_wrong",
        places=(Place.TASK, Place.SAMPLER),
        patterns=(
            r"(?P<what>function '[^']*' is not defined)",
            r"(?P<what>Function\[[^\]]*\] requires [^\n]+)",
        ),
        cause="Druid cannot compute a transform of the datasource's definition: {what}.",
        fault=Fault.DATASOURCE,
        what_to_do="Put the expression right; Druid's page on expressions lists its functions. Then retry the task.",
        safe_to_retry=False,
        example="org.apache.druid.java.util.common.RE: function 'nofunc' is not defined.",
    ),
    Entry(
        code="druid_time_format",
        places=_SPEC,
        patterns=(r"Unable to parse timestamps with format \[(?P<format>[^\]]*)\]",),
        cause="Druid knows no way of writing times that is called {format}.",
        fault=Fault.PLATFORM,
        what_to_do="This is a fault in how the load was made, not in the file: report it with Druid's own words.",
        safe_to_retry=False,
        example=(
            "Cannot construct instance of `org.apache.druid.data.input.impl.TimestampSpec`, problem: Unable to parse "
            "timestamps with format [qqqq]"
        ),
    ),
)
