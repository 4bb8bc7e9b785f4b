using System.Diagnostics;

namespace Hud.KernelTests.Support;

/// <summary>The programs of tests/hostile, built when they are first needed.</summary>
internal static class HostileProgram
{
    private static readonly Lazy<string> Built = new(Build);

    public static string Of(string name)
    {
        Need.Kernel();
        Need.Program("make");
        string path = Path.Combine(Built.Value, name);
        Assert.True(File.Exists(path), $"tests/hostile made no {name}");
        return path;
    }

    /// <summary>The same in a folder of its own, to be changed or run beside the other.</summary>
    public static string Copy(string name)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("hud-hostile-").FullName, name);
        CopiedProgram.To(Of(name), path);
        return path;
    }

    private static string Build()
    {
        string folder = Path.Combine(Need.Root, "out", "hostile");
        var start = new ProcessStartInfo(
            "make",
            ["-s", "-C", Path.Combine(Need.Root, "tests", "hostile"), $"OUT={folder}"]
        )
        {
            RedirectStandardError = true,
        };
        using var make = Process.Start(start)!;
        string said = make.StandardError.ReadToEnd();
        make.WaitForExit();
        if (make.ExitCode != 0)
            Need.Missing($"tests/hostile does not build: {said}");
        return folder;
    }
}
