using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Xml.Linq;

namespace Hud.Core.Tests;

/// <summary>
/// The lock files in packages/ say which packages Hud is made of, with their hashes, and a restore of them in locked mode comes before all others.
/// That is worth as much as the list is whole.
/// </summary>
public sealed class PackageLockTests
{
    private static readonly string Root = FindRoot();

    /// <summary>What the SDK adds, in the version of its own patch: whoever trusts the SDK trusts these.</summary>
    private static readonly string[] OfTheSdk = ["microsoft.net.illink.tasks", "microsoft.dotnet.ilcompiler"];

    [Fact]
    public void Every_package_with_a_version_is_locked() =>
        Assert.Equal(
            Names(Path.Combine(Root, "Directory.Packages.props"), "PackageVersion"),
            Names(Path.Combine(Root, "packages", "all", "AllPackages.csproj"), "PackageReference")
        );

    [Fact]
    public void What_the_projects_got_is_what_is_locked()
    {
        var locked = Locked();
        int compared = 0;
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (project, name, version, hash) in Restored())
        {
            if (OfTheSdk.Any(sdk => name == sdk || name.EndsWith("." + sdk, StringComparison.Ordinal)))
                continue;
            compared++;
            if (!locked.TryGetValue($"{name}/{version}", out string? wanted))
                wrong.Add($"{name} {version} (of {project}) is in no lock file of packages/");
            else if (wanted != hash)
                wrong.Add($"{name} {version} (of {project}) has another content than its lock file in packages/ says");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(compared > 10, "no project was restored");
    }

    /// <summary>"name/version" in lower case, as feeds compare them, to the hash.</summary>
    private static Dictionary<string, string> Locked()
    {
        var all = Locked("all");
        foreach (var (package, hash) in Locked("product"))
            Assert.Equal(hash, all.GetValueOrDefault(package, hash));
        return all.Concat(Locked("product")).DistinctBy(p => p.Key).ToDictionary(StringComparer.Ordinal);
    }

    private static Dictionary<string, string> Locked(string part)
    {
        using var file = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(Root, "packages", part, "packages.lock.json"))
        );
        return file
            .RootElement.GetProperty("dependencies")
            .EnumerateObject()
            .SelectMany(framework => framework.Value.EnumerateObject())
            .ToDictionary(
                p => $"{p.Name.ToLowerInvariant()}/{p.Value.GetProperty("resolved").GetString()!.ToLowerInvariant()}",
                p => p.Value.GetProperty("contentHash").GetString()!,
                StringComparer.Ordinal
            );
    }

    /// <summary>Of all projects that are there and were restored on this machine.</summary>
    private static IEnumerable<(string Project, string Name, string Version, string Hash)> Restored()
    {
        foreach (
            string path in Directory.GetFiles(
                Path.Combine(Root, "artifacts"),
                "project.assets.json",
                SearchOption.AllDirectories
            )
        )
        {
            using var file = JsonDocument.Parse(File.ReadAllBytes(path));
            string project = file
                .RootElement.GetProperty("project")
                .GetProperty("restore")
                .GetProperty("projectPath")
                .GetString()!;
            if (!File.Exists(project) || !project.StartsWith(Root + "/", StringComparison.Ordinal))
                continue;
            foreach (var library in file.RootElement.GetProperty("libraries").EnumerateObject())
            {
                string[] name = library.Name.ToLowerInvariant().Split('/');
                if (library.Value.GetProperty("type").GetString() == "package")
                    yield return (
                        Path.GetFileNameWithoutExtension(project),
                        name[0],
                        name[1],
                        library.Value.GetProperty("sha512").GetString()!
                    );
            }
        }
    }

    private static IEnumerable<string> Names(string path, string element) =>
        XDocument
            .Load(path)
            .Descendants(element)
            .Select(e => e.Attribute("Include")?.Value)
            .OfType<string>()
            .Order(StringComparer.Ordinal);

    private static string FindRoot([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));
}
