#!/bin/sh
# A built Keycloak whose data live in $KEYCLOAK_HOME: the installation beside this file is never written to.
# kc.sh would keep them inside the installation, and would stand between us and the process that we have to end.
if ! command -v "${JAVA_HOME:+$JAVA_HOME/bin/}java" >/dev/null; then
  echo "Keycloak needs Java 17 or newer (Debian: apt-get install default-jre-headless): put java on PATH or set JAVA_HOME." >&2
  exit 127
fi
lib="$(dirname "$0")/dist/lib"
mkdir -p "$KEYCLOAK_HOME/conf"
# It looks for what `build` made below its home.
ln -sfn "$lib" "$KEYCLOAK_HOME/lib"
# The quick compiler alone: half the time until it is ready, and nobody runs this one for days.
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" \
  -Xms64m -Xmx512m -XX:MetaspaceSize=96M -XX:MaxMetaspaceSize=256m -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError \
  -Dfile.encoding=UTF-8 -Duser.language=en -Duser.country=US \
  --add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.security=ALL-UNNAMED \
  --add-opens=java.base/java.util=ALL-UNNAMED --add-opens=java.base/java.util.concurrent=ALL-UNNAMED \
  -Dkc.home.dir="$KEYCLOAK_HOME" -Djboss.server.config.dir="$KEYCLOAK_HOME/conf" -Dpicocli.disable.closures=true \
  -Djava.util.logging.manager=org.jboss.logmanager.LogManager \
  -Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory \
  -cp "$lib/quarkus-run.jar" io.quarkus.bootstrap.runner.QuarkusEntryPoint "$@"
