"""An object that Druid cannot read, or a row in it that it cannot take."""

from __future__ import annotations

from .entry import Entry, Fault, Place

_READS = (Place.TASK, Place.SAMPLER)
_URI = r"trying to read uri: (?P<object>\S+)(?s:.*?)"
_ROW = r"(?P<row>[^()\n]*Record: \d+[^()\n]*)"
_ANEW = "Retry the task from validation, which writes what Druid loads anew."
_OURS = (
    "This is a fault of this platform, which has to leave Druid nothing to refuse: report it with Druid's own "
    "words, and "
    "retry the task from validation once it is put right."
)
_COULD_NOT = "java.lang.RuntimeException: Error occurred while trying to read uri: "
_S3 = "Caused by: com.amazonaws.services.s3.model.AmazonS3Exception: "
_EXCEEDED = "org.apache.druid.java.util.common.RE: Max parse exceptions[0] exceeded\n"

ENTRIES = (
    Entry(
        code="druid_bucket_missing",
        places=_READS,
        patterns=(
            r"S3 bucket\[(?P<bucket>[^\]]*)\](?s:.*?)Error Code: NoSuchBucket",
            r"trying to read uri: s3://(?P<bucket>[^/\s]+)(?s:.*?)Error Code: NoSuchBucket",
            r"Error Code: NoSuchBucket",
        ),
        cause="The bucket {bucket}, which Druid was to read, is not in the object store that Druid asks.",
        fault=Fault.DRUID,
        what_to_do=(
            "Let Druid and this platform use the same object store: compare druid.s3.endpoint.url with "
            "S3_ENDPOINT_URL, "
            "and see that the bucket is there. Then send the load again as it is."
        ),
        safe_to_retry=True,
        example=(
            _COULD_NOT
            + "s3://no-such-bucket-here/no/such.json\n"
            + _S3
            + "The specified bucket does not exist. (Service: "
            "Amazon S3; Status Code: 404; Error Code: NoSuchBucket; Request ID: Y6R5TQW311S67AMM; Proxy: null)"
        ),
    ),
    Entry(
        code="druid_object_missing",
        places=_READS,
        patterns=(
            _URI + r"Error Code: NoSuchKey",
            r"Error Code: NoSuchKey",
            r"Service: Amazon S3; Status Code: 404; Error Code: 404 Not Found",
        ),
        cause="The object {object}, which Druid was to read, is not there.",
        fault=Fault.PLATFORM,
        what_to_do=_ANEW + " See whether a rule of the bucket deletes objects while loads still wait.",
        safe_to_retry=False,
        example=(
            _COULD_NOT
            + "s3://ingest/validated/no/such.json\n"
            + _S3
            + "The specified key does not exist. (Service: Amazon "
            "S3; Status Code: 404; Error Code: NoSuchKey; Request ID: 7NQFH7RVILYBPWXP; Proxy: null)"
        ),
    ),
    Entry(
        code="druid_credentials_refused",
        places=_READS,
        patterns=(
            _URI + r"Error Code: (?P<why>InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|ExpiredToken)",
            r"Error Code: (?P<why>InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|ExpiredToken)",
        ),
        cause="The object store does not let Druid read {object}: {why}.",
        fault=Fault.DRUID,
        what_to_do=(
            "Give Druid a key that may read this bucket (druid.s3.accessKey and druid.s3.secretKey, or the role of its "
            "machines), then send the load again as it is."
        ),
        safe_to_retry=True,
        example=(
            _COULD_NOT
            + "s3://ingest/validated/ok.json\n"
            + _S3
            + "The AWS Access Key Id you provided does not exist in "
            "our records. (Service: Amazon S3; Status Code: 403; Error Code: InvalidAccessKeyId; Request ID: "
            "99Q0OHJ5XW7AH8CJ; Proxy: null)"
        ),
    ),
    Entry(
        code="druid_object_empty",
        places=_READS,
        patterns=(_URI + r"Error Code: InvalidRange", r"Error Code: InvalidRange"),
        cause="The object {object} holds no byte, and Druid cannot read an empty object from S3.",
        fault=Fault.PLATFORM,
        what_to_do=_ANEW,
        safe_to_retry=False,
        example=(
            _COULD_NOT
            + "s3://ingest/validated/empty.json\n"
            + _S3
            + "The requested range is not satisfiable (Service: "
            "Amazon S3; Status Code: 416; Error Code: InvalidRange; Request ID: 58TCDQOKUE0HS2OJ; Proxy: null)"
        ),
    ),
    Entry(
        code="druid_storage_unreachable",
        places=_READS,
        patterns=(
            _URI + r"(?P<why>Connect to \S+ .*failed: [^\n]+|UnknownHostException: \S+)",
            _URI + r"(?P<why>Connection refused|SocketTimeoutException[^\n]*|Read timed out)",
            r"SdkClientException: Unable to execute HTTP request: (?P<why>[^\n]+)",
        ),
        cause="Druid did not reach the place of {object}: {why}.",
        fault=Fault.DRUID,
        what_to_do=(
            "See that every machine of Druid reaches the object store under the address that it is given "
            "(druid.s3.endpoint.url), then send the load again as it is."
        ),
        safe_to_retry=True,
        example=_COULD_NOT + "http://127.0.0.1:9/x.json\nCaused by: java.net.ConnectException: Connection refused",
    ),
    Entry(
        code="druid_url_refused",
        places=_READS,
        patterns=(
            _URI + r"(?:FileNotFoundException: |Server returned HTTP response code: (?P<status>\d+))",
            r"Server returned HTTP response code: (?P<status>\d+)",
        ),
        cause="The address {object}, which Druid was to read, gives nothing.",
        fault=Fault.PLATFORM,
        what_to_do=(
            "A signed address has run out while the load waited, or what it leads to was deleted. Retry the "
            "task: a new "
            "attempt signs a new one."
        ),
        safe_to_retry=False,
        example=(
            _COULD_NOT
            + "http://127.0.0.1:24088/nope\nCaused by: java.io.FileNotFoundException: http://127.0.0.1:24088/nope"
        ),
    ),
    Entry(
        code="druid_not_compressed",
        places=_READS,
        patterns=(
            _URI + r"(?P<what>Not in GZIP format)",
            r"(?P<what>Not in GZIP format|Decompression error: Unknown frame descriptor)",
        ),
        cause="The name of {object} says that it is compressed, and its first bytes say that it is not: {what}.",
        fault=Fault.PLATFORM,
        what_to_do=_ANEW,
        safe_to_retry=False,
        example=_COULD_NOT
        + "s3://ingest/validated/p.json.gz\nCaused by: java.util.zip.ZipException: Not in GZIP format",
    ),
    Entry(
        code="druid_compressed_data_broken",
        places=_READS,
        patterns=(
            r"EOFException: (?P<what>Unexpected end of ZLIB input stream)",
            r"ZipException: (?P<what>[^\n]+)",
            r"(?P<what>Decompression error: [^\n]+)",
        ),
        cause="A compressed object is cut short or damaged: {what}.",
        fault=Fault.PLATFORM,
        what_to_do=_ANEW,
        safe_to_retry=False,
        example="java.lang.IllegalStateException: java.io.EOFException: Unexpected end of ZLIB input stream",
    ),
    Entry(
        code="druid_time_out_of_range",
        places=_READS,
        patterns=(
            r"Encountered row with timestamp\[(?P<value>[^\]\n]*)\] that cannot be represented as a long.*\(" + _ROW,
        ),
        cause="The time {value} is beyond the years that Druid can hold ({row}).",
        fault=Fault.PLATFORM,
        what_to_do=_OURS,
        safe_to_retry=False,
        example=(
            _EXCEEDED + "Encountered row with timestamp[200000000-01-01T00:00:00.000Z] that cannot be represented as a "
            "long: [{__time=+200000000-01-01T00:00:00Z, a=x}] (Record: 1, Line: 1)"
        ),
    ),
    Entry(
        code="druid_time_unreadable",
        places=_READS,
        patterns=(r"Timestamp\[(?P<value>[^\n]*?)\] is unparseable! .*\(" + _ROW,),
        cause="Druid cannot read the time {value} of a row ({row}).",
        fault=Fault.PLATFORM,
        what_to_do=_OURS,
        safe_to_retry=False,
        example=(
            _EXCEEDED + "Timestamp[no time] is unparseable! Event: {__time=no time, a=x} "
            "(Path: s3://ingest/validated/bad.json, Record: 1, Line: 2)"
        ),
    ),
    Entry(
        code="druid_value_unreadable",
        places=_READS,
        patterns=(
            r"Could not convert value \[(?P<value>[^\n]*?)\] to (?P<type>\w+) for dimension \[(?P<column>[^\]\n]*)\]",
        ),
        cause="Druid cannot take the value {value} as a {type} in the column {column}.",
        fault=Fault.PLATFORM,
        what_to_do=_OURS,
        safe_to_retry=False,
        example=_EXCEEDED + "Could not convert value [abc] to long for dimension [n].",
    ),
    Entry(
        code="druid_row_unreadable",
        places=_READS,
        patterns=(r"Unable to parse row \[(?P<text>[^\n]*)\] \(" + _ROW,),
        cause="Druid cannot read a row ({row}), which begins so: {text}",
        fault=Fault.PLATFORM,
        what_to_do=_OURS,
        safe_to_retry=False,
        example=_EXCEEDED + "Unable to parse row [this is no json] (Record: 1, Line: 1)",
    ),
    Entry(
        code="druid_rows_refused",
        places=(Place.TASK,),
        patterns=(r"Max parse exceptions\[(?P<most>\d+)\] exceeded",),
        cause="Druid refuses more than {most} rows, and does not say which.",
        fault=Fault.PLATFORM,
        what_to_do=_OURS,
        safe_to_retry=False,
        example="org.apache.druid.java.util.common.RE: Max parse exceptions[0] exceeded",
    ),
)
