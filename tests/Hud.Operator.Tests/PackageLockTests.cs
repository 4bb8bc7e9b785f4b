using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Hud.Operator.Tests;

/// <summary>A package with another content than the lock file says ends a build, with a real restore.</summary>
public sealed partial class PackageLockTests : IDisposable
{
    private readonly DirectoryInfo _copy = Directory.CreateTempSubdirectory("hud-packages-");

    public PackageLockTests()
    {
        var packages = _copy.CreateSubdirectory("packages").CreateSubdirectory("product").FullName;
        foreach (var file in Directory.GetFiles(RepositoryRoot.PathOf("packages", "product")))
            File.Copy(file, Path.Combine(packages, Path.GetFileName(file)));
        foreach (var name in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json"])
            File.Copy(RepositoryRoot.PathOf(name), Path.Combine(_copy.FullName, name));
    }

    private string Lock => Path.Combine(_copy.FullName, "packages", "product", "packages.lock.json");

    public void Dispose() => _copy.Delete(recursive: true);

    [Fact]
    public void A_package_whose_hash_is_another_is_refused_before_it_is_used()
    {
        var (code, output) = Restore();
        Assert.True(code == 0, output);

        var text = File.ReadAllText(Lock);
        var hash = Hash().Match(text);
        Assert.True(hash.Success);
        var other = (hash.Groups["text"].Value[0] == 'A' ? 'B' : 'A') + hash.Groups["text"].Value[1..];
        File.WriteAllText(Lock, text.Replace(hash.Groups["text"].Value, other, StringComparison.Ordinal));
        (code, output) = Restore();
        Assert.NotEqual(0, code);
        Assert.Contains("NU1403", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_that_the_lock_file_does_not_have_is_refused()
    {
        var text = File.ReadAllText(Lock);
        var version = Version().Match(text);
        Assert.True(version.Success);
        File.WriteAllText(
            Lock,
            text[..version.Groups["text"].Index]
                + "0.0.1"
                + text[(version.Groups["text"].Index + version.Groups["text"].Length)..]
        );
        var (code, output) = Restore();
        Assert.NotEqual(0, code);
        Assert.Contains("NU1004", output, StringComparison.Ordinal);
    }

    [GeneratedRegex(
        "\"contentHash\": \"(?<text>[^\"]+)\"",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Hash();

    [GeneratedRegex(
        "\"requested\": \"\\[(?<text>[^,]+), \\)\"",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Version();

    /// <summary>As build.sh does before it builds anything.</summary>
    private (int Code, string Output) Restore()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = _copy.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (
            var argument in (string[])
                ["restore", "packages/product/ProductPackages.csproj", "--force", "-v", "quiet", "-nodeReuse:false"]
        )
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
