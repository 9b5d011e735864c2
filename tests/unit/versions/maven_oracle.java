// What Maven's own ComparableVersion says about pairs of versions.
//
// Reads versions from standard input, one a line, two a pair; writes -1, 0 or 1 a pair.
// Run: java -cp /usr/share/java/maven-artifact-3.x.jar maven_oracle.java
// Debian packages: default-jdk-headless, libmaven3-core-java
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.apache.maven.artifact.versioning.ComparableVersion;

class MavenOracle {
    public static void main(String[] arguments) throws IOException {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        var answers = new StringBuilder();
        for (String a = lines.readLine(); a != null; a = lines.readLine()) {
            int order = new ComparableVersion(a).compareTo(new ComparableVersion(lines.readLine()));
            answers.append(Integer.signum(order)).append('\n');
        }
        System.out.print(answers);
    }
}
