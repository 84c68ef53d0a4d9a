"""A spec whose segments cannot be cut as it says: intervals, granularity, partitions, append and replace."""

from __future__ import annotations

from .entry import Entry, Fault, Place

_SPEC = (Place.SUBMISSION, Place.SAMPLER)
_TASK = (
    "Cannot construct instance of `org.apache.druid.indexing.common.task.batch.parallel.ParallelIndexSupervisorTask`"
)
_TUNING = (
    "Cannot construct instance of `org.apache.druid.indexing.common.task.batch.parallel.ParallelIndexTuningConfig`"
)
_REPORT = "This is a fault in how the load was made, not in the file: report it with Druid's own words."

ENTRIES = (
    Entry(
        code="druid_append_partitioned",
        places=(Place.SUBMISSION,),
        patterns=(r"Perfect rollup cannot be guaranteed when appending",),
        cause="The load appends, and the datasource asks for hashed or range partitions: Druid makes these only anew.",
        fault=Fault.DATASOURCE,
        what_to_do="Choose dynamic partitions for a datasource that is appended to, or replace; then retry the task.",
        safe_to_retry=False,
        example=_TASK + ", problem: Perfect rollup cannot be guaranteed when appending to existing dataSources",
    ),
    Entry(
        code="druid_partitions_and_rollup",
        places=(Place.SUBMISSION,),
        patterns=(r"DynamicPartitionsSpec (?P<what>must be used for best-effort|cannot be used for perfect) rollup",),
        cause="Partitions and rollup of the spec do not go together: dynamic partitions {what} rollup.",
        fault=Fault.PLATFORM,
        what_to_do=_REPORT,
        safe_to_retry=False,
        example=_TUNING + ", problem: DynamicPartitionsSpec must be used for best-effort rollup",
    ),
    Entry(
        code="druid_partitions_incomplete",
        places=_SPEC,
        patterns=(
            r"(?P<what>partitionDimensions must be specified)",
            r"(?P<what>Exactly one of targetRowsPerSegment or maxRowsPerSegment must be present)",
            r"(?P<what>At most one of \[Property\{.*\}\] must be present)",
        ),
        cause="The partitions of the datasource's definition are not told, or told in two ways: {what}.",
        fault=Fault.DATASOURCE,
        what_to_do="Name the columns to partition by, and one size of a partition; then retry the task.",
        safe_to_retry=False,
        example=(
            "Cannot construct instance of `org.apache.druid.indexer.partitions.DimensionRangePartitionsSpec`, problem: "
            "Exactly one of targetRowsPerSegment or maxRowsPerSegment must be present"
        ),
    ),
    Entry(
        code="druid_partitions_need_sub_tasks",
        places=(Place.TASK,),
        patterns=(r"partitionsSpec\[(?:[\w$]+\.)*(?P<kind>[\w$]+)\] is not supported",),
        cause="The load has one sub-task or one part, and Druid makes partitions of this kind ({kind}) only with more.",
        fault=Fault.PLATFORM,
        what_to_do=(
            "Set SUBMITTER_MOST_SUB_TASKS to 2 or more, or choose dynamic or hashed partitions; then retry the task."
        ),
        safe_to_retry=False,
        example=(
            "Failed with exception "
            "[partitionsSpec[org.apache.druid.indexer.partitions.DimensionRangePartitionsSpec] is "
            "not supported]. See indexer logs for details."
        ),
    ),
    Entry(
        code="druid_partition_multi_value",
        places=(Place.TASK,),
        patterns=(r"Cannot partition on multi-value dimension \[(?P<column>[^\]]*)\]",),
        cause="Segments are to be partitioned by the column {column}, which has rows of several values.",
        fault=Fault.FILE,
        what_to_do="Send one value in each row, or partition the datasource by other columns.",
        safe_to_retry=False,
        example=(
            "Failed with exception [Cannot partition on multi-value dimension [a] for input row "
            "[{timestamp=2013-01-01T00:00:00.000Z, event={__time=2013-01-01, a=[x, y]}, dimensions=[a, n]}]]. "
            "See indexer "
            "logs for details."
        ),
    ),
    Entry(
        code="druid_replace_without_intervals",
        places=(Place.SUBMISSION,),
        patterns=(r"GranularitySpec's intervals cannot be empty when using replace",),
        cause="The load replaces, and does not say which time.",
        fault=Fault.PLATFORM,
        what_to_do=_REPORT,
        safe_to_retry=False,
        example=_TASK + ", problem: GranularitySpec's intervals cannot be empty when using replace.",
    ),
    Entry(
        code="druid_replace_and_append",
        places=(Place.SUBMISSION,),
        patterns=(r"Cannot simultaneously replace and append",),
        cause="The load is to replace and to append at once.",
        fault=Fault.PLATFORM,
        what_to_do=_REPORT,
        safe_to_retry=False,
        example=(
            _TASK + ", problem: Cannot simultaneously replace and append to existing segments. Either dropExisting or "
            "appendToExisting should be set to false"
        ),
    ),
    Entry(
        code="druid_interval_wrong",
        places=(Place.SUBMISSION, Place.SAMPLER, Place.MANAGEMENT, Place.QUERY),
        patterns=(
            r"Invalid interval\[(?P<interval>[^\]]*)\]: \[(?P<what>[^\n]*?)\](?: \(through|<|$)",
            r"second argument is not a valid ISO8601 interval: (?P<what>[^\n]*): (?P<interval>[^\n]*)",
        ),
        cause="The interval {interval} is none that Druid knows: {what}.",
        fault=Fault.PLATFORM,
        what_to_do=(
            "Write it as start/end in ISO 8601, the end behind the start and both within Druid's years; if "
            "nobody wrote "
            "it, report it with Druid's own words."
        ),
        safe_to_retry=False,
        example=(
            "Invalid interval[2013-01-03/2013-01-01]: [The end instant must be greater than the start instant] "
            "(through "
            'reference chain: org.apache.druid.indexer.granularity.UniformGranularitySpec["intervals"])'
        ),
    ),
    Entry(
        code="druid_granularity_unknown",
        places=_SPEC,
        patterns=(r"No enum constant [\w.]*\.GranularityType\.(?P<name>\w+)",),
        cause="Druid has no granularity that is called {name}.",
        fault=Fault.DATASOURCE,
        what_to_do="Choose one of Druid's, such as HOUR, DAY, MONTH or YEAR; then retry the task.",
        safe_to_retry=False,
        example=(
            "Cannot construct instance of `org.apache.druid.java.util.common.granularity.Granularity`, problem: "
            "No enum "
            "constant org.apache.druid.java.util.common.granularity.GranularityType.FORTNIGHT"
        ),
    ),
    Entry(
        code="druid_compression_unknown",
        places=_SPEC,
        patterns=(r"No enum constant [\w.]*\.CompressionStrategy\.(?P<name>\w+)",),
        cause="Druid has no compression of columns that is called {name}.",
        fault=Fault.PLATFORM,
        what_to_do=_REPORT,
        safe_to_retry=False,
        example=(
            "Cannot construct instance of `org.apache.druid.segment.data.CompressionStrategy`, problem: No enum "
            "constant "
            "org.apache.druid.segment.data.CompressionStrategy.NOPE"
        ),
    ),
    Entry(
        code="druid_sub_tasks_wrong",
        places=(Place.SUBMISSION,),
        patterns=(r"maxNumConcurrentSubTasks must be positive",),
        cause="The load is allowed no sub-task at all.",
        fault=Fault.PLATFORM,
        what_to_do="Set SUBMITTER_MOST_SUB_TASKS to 1 or more, then retry the task.",
        safe_to_retry=False,
        example=_TUNING + ", problem: maxNumConcurrentSubTasks must be positive",
    ),
    Entry(
        code="druid_input_ambiguous",
        places=_SPEC,
        patterns=(r"Exactly one of uris, prefixes or objects must be specified",),
        cause="The spec names no object in S3, or names them in two ways.",
        fault=Fault.PLATFORM,
        what_to_do=_REPORT,
        safe_to_retry=False,
        example=(
            "Cannot construct instance of `org.apache.druid.data.input.s3.S3InputSource`, problem: Exactly one "
            "of uris, "
            "prefixes or objects must be specified"
        ),
    ),
    Entry(
        code="druid_url_scheme",
        places=_SPEC,
        patterns=(
            r"Invalid URI scheme \[[^\]]*\] must be \[(?P<allowed>[^\]]*)\]",
            r"Only \[(?P<allowed>[^\]]*)\] protocols are allowed",
        ),
        cause="Druid reads these inputs from addresses that begin with {allowed}, and from no others.",
        fault=Fault.DRUID,
        what_to_do=(
            "Have the scheme allowed (druid.ingestion.http.allowedProtocols), or the address of the object store "
            "put right."
        ),
        safe_to_retry=True,
        example=(
            "Cannot construct instance of `org.apache.druid.data.input.impl.HttpInputSource`, problem: Only "
            "[http, https] "
            "protocols are allowed"
        ),
    ),
)
