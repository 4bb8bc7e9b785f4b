using System.Diagnostics;
using Hud.Tests.Support;

namespace Hud.Reports.Tests;

/// <summary>Other people's programs that read what we write.</summary>
internal static class Tool
{
    /// <summary>Standard output of a program that must succeed; the test is skipped (or fails under HUD_REQUIRE_ALL) when it is not installed.</summary>
    public static string Run(string program, string[] arguments, string? input = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["PPROF_NO_BROWSER"] = "1";
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Need(false, $"{program} is not installed (scripts/install.sh test)");
            throw;
        }

        using (process)
        {
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            if (input is not null)
                process.StandardInput.Write(input);
            process.StandardInput.Close();
            Assert.True(process.WaitForExit(60_000), $"{program} did not end within a minute");
            Assert.True(
                process.ExitCode == 0,
                $"{program} {string.Join(' ', arguments)} failed:\n{error.Result}{output.Result}"
            );
            return output.Result;
        }
    }

    public static void Need(bool present, string reason)
    {
        if (present)
            return;
        if (Environment.GetEnvironmentVariable("HUD_REQUIRE_ALL") == "1")
            Assert.Fail(reason);
        Assert.Skip(reason);
    }

    /// <summary>A file in a directory of the test's own, removed with it.</summary>
    public static TemporaryFile File(string name, byte[] content) => new(name, content);

    /// <summary>Where <c>scripts/lib.sh</c> keeps what was fetched.</summary>
    public static string Cache { get; } =
        Environment.GetEnvironmentVariable("HUD_CACHE")
        ?? Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME")
                ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
            "hud"
        );

    /// <summary>The root of the repository: where Hud.sln is.</summary>
    public static string Repository { get; } = RepositoryRoot.Folder;
}

internal sealed class TemporaryFile : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("hud-reports-");

    public TemporaryFile(string name, byte[] content)
    {
        Path = System.IO.Path.Combine(_directory.FullName, name);
        File.WriteAllBytes(Path, content);
    }

    public string Path { get; }

    public void Dispose() => _directory.Delete(recursive: true);
}
