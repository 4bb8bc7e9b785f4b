namespace Hud.WorkloadTests.Harness;

/// <summary>Where the built programs are, and why they cannot be used when they cannot.</summary>
internal static class Repository
{
    public static string Root { get; } = RepositoryRoot.Folder;

    public static string Hud => Path.Combine(Root, "out", "hud");

    /// <summary>Skips the test when the machine cannot run a profile end to end, or fails it when skips are not wanted.</summary>
    public static void Require(string program, string builtBy = "tests/workloads/build.sh tests")
    {
        if (ReasonAgainst(program, builtBy) is not { } reason)
            return;
        if (string.Equals(Environment.GetEnvironmentVariable("HUD_REQUIRE_ALL"), "1", StringComparison.Ordinal))
            Assert.Fail(reason);
        Assert.Skip(reason);
    }

    public static string Workload(string set, string name) => Path.Combine(Root, "out", "workloads", set, name);

    private static string? ReasonAgainst(string program, string builtBy)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return "needs root, to load BPF programs";
        if (!File.Exists("/sys/kernel/btf/vmlinux"))
            return "the kernel has no BTF";
        if (!File.Exists(Hud) || !File.Exists(Hud + "-agent"))
            return "out/hud is not built (./build.sh)";
        return File.Exists(program) ? null : $"{Path.GetRelativePath(Root, program)} is not built ({builtBy})";
    }
}
