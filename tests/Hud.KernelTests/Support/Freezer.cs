namespace Hud.KernelTests.Support;

/// <summary>A cgroup that can be frozen, of version 1 or 2, whichever the machine has; thawed and gone with the test.</summary>
internal sealed class Freezer : IDisposable
{
    private const string First = "/sys/fs/cgroup/freezer";
    private static readonly string[] Second = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

    private readonly string _folder;
    private readonly bool _first;

    private Freezer(string folder, bool first) => (_folder, _first) = (folder, first);

    /// <param name="version">1 or 2; without it the test is skipped.</param>
    public static Freezer Create(int version)
    {
        bool first = version == 1;
        string? root = first
            ? (File.Exists($"{First}/cgroup.procs") ? First : null)
            : Array.Find(Second, r => File.Exists($"{r}/cgroup.controllers"));
        if (root is null)
            Need.Missing($"no cgroup file system of version {version} with a freezer is mounted");
        var freezer = new Freezer($"{root}/hud-freezer-{Environment.ProcessId}", first);
        Directory.CreateDirectory(freezer._folder);
        return freezer;
    }

    public void Add(int pid) => File.WriteAllText($"{_folder}/cgroup.procs", $"{pid}");

    /// <summary>Returns when every thread stands still.</summary>
    public void Freeze()
    {
        File.WriteAllText(State, _first ? "FROZEN" : "1");
        Need.Until(
            () =>
                _first
                    ? File.ReadAllText(State).StartsWith("FROZEN", StringComparison.Ordinal)
                    : File.ReadAllText($"{_folder}/cgroup.events").Contains("frozen 1", StringComparison.Ordinal),
            "the group is frozen"
        );
    }

    public void Thaw() => File.WriteAllText(State, _first ? "THAWED" : "0");

    private string State => _first ? $"{_folder}/freezer.state" : $"{_folder}/cgroup.freeze";

    public void Dispose()
    {
        if (!Directory.Exists(_folder))
            return;
        Thaw();
        // its processes go back to the top, as a group with any cannot be removed
        foreach (string pid in File.ReadAllLines($"{_folder}/cgroup.procs"))
            File.WriteAllText($"{Path.GetDirectoryName(_folder)}/cgroup.procs", pid);
        Directory.Delete(_folder);
    }
}
