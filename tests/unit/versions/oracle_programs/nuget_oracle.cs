// Asks the NuGet.Versioning inside nuget.exe: mono nuget_oracle.exe PATH/nuget.exe; see README.md.
// The types are internal there, hence the reflection.
using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;

class NuGetOracle
{
    static void Main(string[] args)
    {
        var assembly = Assembly.LoadFrom(args[0]);
        var version = assembly.GetType("NuGet.Versioning.NuGetVersion", true);
        var byReference = version.MakeByRefType();
        var tryParse = version.GetMethods(BindingFlags.Public | BindingFlags.Static).Single(
            method => method.Name == "TryParse"
                && method.GetParameters()[1].ParameterType == byReference);
        var comparer = assembly.GetType("NuGet.Versioning.VersionComparer", true);
        var standard = comparer.GetField("Default").GetValue(null);
        var semantic = assembly.GetType("NuGet.Versioning.SemanticVersion", true);
        var compare = comparer.GetMethod("Compare", new[] { semantic, semantic });
        Func<string, object> parsed = hex =>
        {
            var bytes = Enumerable.Range(0, hex.Length / 2)
                .Select(place => Convert.ToByte(hex.Substring(place * 2, 2), 16)).ToArray();
            var arguments = new object[] { Encoding.UTF8.GetString(bytes), null };
            return (bool)tryParse.Invoke(null, arguments) ? arguments[1] : null;
        };
        var output = new StreamWriter(Console.OpenStandardOutput());
        string line;
        while ((line = Console.In.ReadLine()) != null)
        {
            var pair = line.Split(' ').Select(parsed).ToArray();
            var order = pair[0] == null || pair[1] == null
                ? 0 : Math.Sign((int)compare.Invoke(standard, pair));
            output.WriteLine("{0} {1} {2}", pair[0] == null ? 0 : 1, pair[1] == null ? 0 : 1, order);
        }
        output.Flush();
    }
}
