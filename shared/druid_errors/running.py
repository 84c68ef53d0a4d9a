"""A task that Druid cannot take now, or that ends without what it was to do: locks, segments, workers, people."""

from __future__ import annotations

from .entry import Entry, Fault, Place

_TASK = (Place.TASK,)
_AGAIN = "Send the load again as it is."

ENTRIES = (
    Entry(
        code="druid_queue_full",
        places=(Place.SUBMISSION,),
        patterns=(r"Task queue already contains \[(?P<tasks>\d+)\] tasks",),
        cause="Druid's queue is full: {tasks} tasks are in it.",
        fault=Fault.NOBODY,
        what_to_do="Wait: the load is sent again by itself. For good, have druid.indexer.queue.maxSize raised.",
        safe_to_retry=True,
        example=(
            "Task queue already contains [5000] tasks. Retry later or increase 'druid.indexer.queue.maxSize'[5000]."
        ),
        provoked=False,
    ),
    Entry(
        code="druid_lock_conflict",
        places=_TASK,
        patterns=(
            r"Failed to get locks for intervals\[\[?(?P<intervals>[^\]\n]*)\]",
            r"Cannot acquire a lock for interval\[(?P<intervals>[^\]\n]*)\]",
        ),
        cause="Another task held the time that the load writes: {intervals}.",
        fault=Fault.NOBODY,
        what_to_do=_AGAIN
        + " If it fails so again, see which other tasks write into this datasource: compaction, streams.",
        safe_to_retry=True,
        example=(
            "org.apache.druid.java.util.common.ISE: Failed to get locks for intervals[[2013-01-01T00:00:00.000Z/"
            "2013-01-02T00:00:00.000Z, 2013-01-02T00:00:00.000Z/2013-01-03T00:00:00.000Z]]"
        ),
    ),
    Entry(
        code="druid_lock_revoked",
        places=_TASK,
        patterns=(
            r"Lock of type\[\w+\] for interval\[(?P<interval>[^\]\n]*)\] was revoked",
            r"are not covered by locks",
            r"Invalid task locks\. Maybe they are revoked",
        ),
        cause="A task of a higher priority, such as a stream, took the time that the load was writing: {interval}.",
        fault=Fault.NOBODY,
        what_to_do=_AGAIN
        + " If it fails so again, let the streams into this datasource have Druid's concurrent locks.",
        safe_to_retry=True,
        example=(
            "org.apache.druid.java.util.common.ISE: Lock of type[EXCLUSIVE] for interval[2013-01-01T00:00:00.000Z/"
            "2013-01-03T00:00:00.000Z] was revoked"
        ),
        provoked=False,
    ),
    Entry(
        code="druid_chunks_do_not_fit",
        places=_TASK,
        patterns=(r"(?:Failed to add a|Could not allocate segment for) row with timestamp\[(?P<time>[^\]\n]*)\]",),
        cause=(
            "Druid found no segment for a row of the time {time}: the datasource has chunks of another length "
            "there, or "
            "times are rounded to more than one chunk."
        ),
        fault=Fault.DATASOURCE,
        what_to_do=(
            "Let the datasource's segment granularity be that of its segments, and the query granularity no "
            "coarser; or "
            "replace the datasource as a whole. Then retry the task."
        ),
        safe_to_retry=False,
        example="org.apache.druid.java.util.common.ISE: Failed to add a row with timestamp[2013-01-01T00:00:00.000Z]",
    ),
    Entry(
        code="druid_shut_down",
        places=_TASK,
        patterns=(r"Shutdown request from user",),
        cause="Somebody has stopped the load in Druid.",
        fault=Fault.NOBODY,
        what_to_do="Ask whoever runs Druid why, then send the load again as it is.",
        safe_to_retry=True,
        example="Shutdown request from user",
    ),
    Entry(
        code="druid_publish_failed",
        places=_TASK,
        patterns=(r"Failed to publish segments",),
        cause="Druid had made the segments and could not write them into its metadata store.",
        fault=Fault.DRUID,
        what_to_do="Have the overlord's log and its metadata store looked at, then send the load again as it is.",
        safe_to_retry=True,
        example="org.apache.druid.java.util.common.ISE: Failed to publish segments, aborting!",
        provoked=False,
    ),
    Entry(
        code="druid_worker_lost",
        places=_TASK,
        patterns=(
            r"This task disappeared on the worker where it was assigned",
            r"The worker that this task (?:was assigned disappeared|is assigned did not start it)",
            r"Failed to assign this task",
            r"Canceled (?:for worker cleanup|as task execution process stopped)",
        ),
        cause="The machine of Druid's that ran the load went away.",
        fault=Fault.NOBODY,
        what_to_do=_AGAIN + " If it fails so again, have the log of Druid's workers looked at.",
        safe_to_retry=True,
        example="This task disappeared on the worker where it was assigned. See overlord logs for more details.",
    ),
    Entry(
        code="druid_worker_process_died",
        places=_TASK,
        patterns=(r"Task execution process exited unsuccessfully with code\[(?P<exit>[^\]]*)\]",),
        cause="The process of Druid's that ran the load ended with code {exit}: its memory settings do not fit, often.",
        fault=Fault.DRUID,
        what_to_do=(
            "Have the middle manager's log looked at, and druid.indexer.runner.javaOptsArray compared with the "
            "machine's "
            "memory; then send the load again as it is."
        ),
        safe_to_retry=True,
        example=(
            "Task execution process exited unsuccessfully with code[137]. See middleManager logs for more details."
        ),
        provoked=False,
    ),
    Entry(
        code="druid_task_never_ready",
        places=_TASK,
        patterns=(r"Encountered error\[(?P<what>.*?)\.?\] while waiting for task to be ready",),
        cause="Druid's overlord failed before it could start the load: {what}.",
        fault=Fault.DRUID,
        what_to_do="Have the overlord's log looked at, then send the load again as it is.",
        safe_to_retry=True,
        example=(
            "Encountered error[java.lang.ClassCastException: class java.lang.String cannot be cast to class "
            "java.lang.Integer] while waiting for task to be ready. See Overlord logs for more details."
        ),
    ),
    Entry(
        code="druid_sub_task_failed",
        places=_TASK,
        patterns=(r"Failed in phase\[(?P<phase>[^\]]*)\]",),
        cause="A sub-task of the load failed while Druid was at this: {phase}. Druid has kept no reason.",
        fault=Fault.DRUID,
        what_to_do="Have the logs of the load's sub-tasks looked at before it is sent again.",
        safe_to_retry=False,
        example="Failed in phase[segment generation]. See task logs for details.",
    ),
)
