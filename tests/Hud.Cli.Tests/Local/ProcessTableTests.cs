using Hud.Cli.Local;

namespace Hud.Cli.Tests.Local;

/// <summary>Against folders that look like /proc.</summary>
public sealed class ProcessTableTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hud-proc-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_process_is_read_from_its_folder()
    {
        Add(4242, "checkout", "/usr/bin/checkout", "checkout\0--port\08080\0", threads: 9, parent: 7);

        var entry = Assert.Single(new ProcessTable(_root).List());

        Assert.Equal(new ProcessEntry(4242, 7, "checkout", "/usr/bin/checkout", "checkout --port 8080", 9), entry);
    }

    [Fact]
    public void Kernel_threads_zombies_and_other_folders_are_left_out()
    {
        Add(2, "kthreadd", null, "");
        Add(9, "dead", "/bin/dead", "dead\0", state: "Z (zombie)");
        Directory.CreateDirectory(Path.Combine(_root, "sys"));
        Directory.CreateDirectory(Path.Combine(_root, "77"));
        Add(5, "alive", "/bin/alive", "alive\0");

        Assert.Equal([5], new ProcessTable(_root).List().Select(p => p.Pid));
    }

    [Fact]
    public void An_executable_that_may_not_be_read_leaves_the_rest_readable()
    {
        Add(5, "alive", null, "/opt/alive\0");

        var entry = new ProcessTable(_root).Find(5)!;

        Assert.Equal(("", "alive"), (entry.ExePath, entry.Comm));
    }

    [Fact]
    public void A_replaced_executable_keeps_its_name()
    {
        Add(5, "alive", "/opt/alive (deleted)", "alive\0");

        Assert.Equal(
            ("/opt/alive", "alive"),
            (new ProcessTable(_root).Find(5)!.ExeFile, new ProcessTable(_root).Find(5)!.ExeName)
        );
    }

    [Fact]
    public void A_threads_id_leads_to_its_process()
    {
        Add(40, "checkout", "/bin/checkout", "checkout\0");
        Directory.CreateDirectory(Path.Combine(_root, "44"));
        File.WriteAllText(Path.Combine(_root, "44", "status"), "Name:\tworker\nTgid:\t40\nPid:\t44\n");

        Assert.Equal(40, new ProcessTable(_root).ThreadGroup(44));
        Assert.Equal(40, new ProcessTable(_root).ThreadGroup(40));
        Assert.Null(new ProcessTable(_root).ThreadGroup(41));
    }

    [Fact]
    public void What_a_process_writes_into_its_own_entries_breaks_nothing()
    {
        Add(6, "x", "/bin/x", new string('a', 100_000));
        File.WriteAllBytes(
            Path.Combine(_root, "6", "cmdline"),
            [0xff, 0xfe, 0, 0xc3, .. Enumerable.Repeat((byte)'a', 100_000)]
        );
        File.WriteAllText(Path.Combine(_root, "6", "status"), "Name:\tx\nThreads:\tmany\nPPid:\t-5\nnonsense\n:\n");

        var entry = new ProcessTable(_root).Find(6)!;

        Assert.Equal((0, 0), (entry.Threads, entry.ParentPid));
        Assert.InRange(entry.CommandLine.Length, 1, 4096);
    }

    [Fact]
    public void We_find_ourselves_in_the_real_one()
    {
        var self = ProcessTable.System.Find(Environment.ProcessId)!;

        Assert.Equal(Environment.ProcessPath, self.ExePath);
        Assert.True(self.Threads > 1);
        Assert.Contains(ProcessTable.System.List(), p => p.Pid == Environment.ProcessId);
    }

    private void Add(
        int pid,
        string comm,
        string? exe,
        string commandLine,
        int threads = 1,
        int parent = 1,
        string state = "S (sleeping)"
    )
    {
        string folder = Directory.CreateDirectory(Path.Combine(_root, $"{pid}")).FullName;
        File.WriteAllText(
            Path.Combine(folder, "status"),
            $"Name:\t{comm}\nState:\t{state}\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t{parent}\nThreads:\t{threads}\n"
        );
        File.WriteAllText(Path.Combine(folder, "cmdline"), commandLine);
        if (exe is not null)
            File.CreateSymbolicLink(Path.Combine(folder, "exe"), exe);
    }
}
