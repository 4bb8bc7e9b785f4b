using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Run;

namespace Hud.KernelTests.Support;

/// <summary>What a test needs of the machine; without it the test is skipped with the reason, or fails when skips are not wanted.</summary>
internal static class Need
{
    public static string Root { get; } = RepositoryRoot.Folder;

    public static void Kernel()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            Missing("needs root, to load BPF programs");
        if (!File.Exists("/sys/kernel/btf/vmlinux"))
            Missing("the kernel has no BTF");
    }

    /// <summary>Loads the programs of the probe mode and attaches them to a child once: not every kernel has every mode.</summary>
    public static ProbeMode ProbeMode(string name)
    {
        Kernel();
        Assert.True(ProbeModes.TryParse(name, out var probeMode));
        try
        {
            using var polls = new ProbedChild(
                new KernelSettings
                {
                    ProbeMode = probeMode,
                    RingKiB = 64,
                    Slots = 4,
                }
            );
        }
        catch (BpfException e)
        {
            Missing($"this kernel offers no {name}: {e.Message}");
        }

        return probeMode;
    }

    public static string Workload(string set, string name)
    {
        Kernel();
        string path = Path.Combine(Root, "out", "workloads", set, name);
        if (!File.Exists(path))
            Missing($"{set}/{name} is not built (tests/workloads/build.sh tests)");
        return path;
    }

    public static void Program(string name)
    {
        Kernel();
        if (
            !(Environment.GetEnvironmentVariable("PATH") ?? "")
                .Split(':')
                .Any(folder => File.Exists(Path.Combine(folder, name)))
        )
            Missing($"{name} is not installed (scripts/install.sh test)");
    }

    /// <summary>The one that HUD_AGENT names (test.sh: what is delivered); else that of the last build, for the inner loop.</summary>
    public static string Agent()
    {
        string path = Environment.GetEnvironmentVariable("HUD_AGENT") is { Length: > 0 } named
            ? named
            : Path.Combine(Root, "artifacts", "bin", "Hud.NodeAgent", "release", "hud-agent");
        if (!File.Exists(path))
            Missing($"{path} is not there (dotnet build src/Hud.NodeAgent -c Release, or ./build.sh)");
        return path;
    }

    public static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable("HUD_REQUIRE_ALL") == "1")
            Assert.Fail(reason);
        Assert.Skip(reason);
    }

    /// <summary>Waits for what must come, however slow the machine is, and says what did not.</summary>
    public static void Until(Func<bool> condition, string what)
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, $"after a minute still not: {what}");
            Thread.Sleep(20);
        }
    }
}
