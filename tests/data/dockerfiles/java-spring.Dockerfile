FROM maven:3.9-eclipse-temurin-21 AS builder
WORKDIR /workspace
COPY pom.xml .
RUN mvn -q -B dependency:go-offline
COPY src src
RUN mvn -q -B package -DskipTests

FROM eclipse-temurin:21-jre
VOLUME ["/tmp"]
ADD https://repo.example.org/agents/apm-agent-1.50.jar /opt/agent.jar
COPY --from=builder /workspace/target/*.jar app.jar
ENV JAVA_TOOL_OPTIONS="-XX:MaxRAMPercentage=75 -javaagent:/opt/agent.jar" \
    SPRING_DATASOURCE_PASSWORD="${DB_PASSWORD}"
EXPOSE 8080
ENTRYPOINT exec java -jar /app.jar
