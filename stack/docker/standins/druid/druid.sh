#!/bin/sh
# druid_a_b=v becomes a.b=v in the properties of the process that the first argument names.
set -eu
conf=/tmp/conf
mkdir -p "$conf" var/tmp
{
  echo "druid.host=$(hostname -i | awk '{ print $1 }')"
  awk 'BEGIN {
    for (name in ENVIRON) {
      if (name !~ /^druid_/) continue
      key = name
      gsub(/_/, ".", key)
      print key "=" ENVIRON[name]
    }
  }'
} > "$conf/runtime.properties"
printf '%s\n' "$DRUID_LOG4J" > "$conf/log4j2.xml"
opens="java.base/java.lang java.base/java.io java.base/java.util java.base/java.nio java.base/jdk.internal.ref
java.base/sun.nio.ch jdk.management/com.sun.management.internal"
options="-server -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Duser.timezone=UTC -Dfile.encoding=UTF-8
-Djava.io.tmpdir=var/tmp -Djava.util.logging.manager=org.apache.logging.log4j.jul.LogManager
-Dderby.stream.error.file=var/derby.log --add-exports=java.base/jdk.internal.misc=ALL-UNNAMED"
for one in $opens; do options="$options --add-opens=$one=ALL-UNNAMED"; done
[ -z "${DRUID_XMS:-}" ] || options="$options -Xms$DRUID_XMS"
[ -z "${DRUID_XMX:-}" ] || options="$options -Xmx$DRUID_XMX"
[ -z "${DRUID_MAXDIRECTMEMORYSIZE:-}" ] || options="$options -XX:MaxDirectMemorySize=$DRUID_MAXDIRECTMEMORYSIZE"
# shellcheck disable=SC2086 # several options in one variable
exec java $options ${JAVA_OPTS:-} -cp "$conf:lib/*" org.apache.druid.cli.Main server "$@"
