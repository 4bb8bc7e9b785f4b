using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Processes that come, go and change their program, as a list of them shows it each second.</summary>
public sealed class NamedProcessesTests
{
    private readonly Played _processes = new();
    private readonly NamedProcesses _named;

    public NamedProcessesTests() => _named = new NamedProcesses("shop", _processes);

    private int[] Look() => [.. _named.Look(0).Select(t => t.Spec.Pid!.Value)];

    [Fact]
    public void All_of_the_name_are_wanted_as_long_as_they_are_there()
    {
        _processes.Start(10, "init");
        _processes.Start(20, "shop");
        Assert.Equal([20], Look());
        _processes.Start(30, "shop");
        Assert.Equal([20, 30], Look());
        _processes.All.Remove(20);
        Assert.Equal([30], Look());
    }

    [Fact]
    public void A_shell_that_becomes_the_program_is_found()
    {
        _processes.Start(20, "sh");
        Assert.Empty(Look());
        _processes.Exec(20, "shop");
        Assert.Equal([20], Look());
    }

    [Fact]
    public void The_same_pid_with_another_program_or_another_process_is_another_target()
    {
        _processes.Start(20, "shop");
        string first = Assert.Single(_named.Look(0)).Key;
        _processes.Exec(20, "shop");
        string second = Assert.Single(_named.Look(1)).Key;
        _processes.Start(20, "shop");
        string third = Assert.Single(_named.Look(2)).Key;
        Assert.Equal(3, new HashSet<string>([first, second, third]).Count);
        _processes.Exec(20, "other");
        Assert.Empty(_named.Look(3));
    }

    [Fact]
    public void A_copy_that_is_about_to_start_another_program_is_not_taken()
    {
        _processes.Start(20, "shop", threads: 1);
        Assert.Empty(Look());
        _processes.Exec(20, "git");
        Assert.Empty(Look());
        _processes.Start(21, "shop", threads: 1);
        Assert.Empty(Look());
        Assert.Equal([21], Look()); // a program of one thread
    }

    [Fact]
    public void Of_thousands_that_stay_few_are_looked_at_each_second()
    {
        for (int pid = 1; pid <= 5000; pid++)
            _processes.Start(pid, "other");
        for (int second = 0; second < 30; second++)
            Look();
        int before = _processes.Looked;
        Look();
        Assert.InRange(_processes.Looked - before, 1, 100);
        // and in time each of them
        _processes.Exec(4321, "shop");
        int seconds = 0;
        while (Look().Length == 0 && seconds < 100)
            seconds++;
        Assert.InRange(seconds, 0, 51);
    }

    [Fact]
    public void The_machines_own_processes_are_read()
    {
        var all = new ProcProcesses();
        Assert.DoesNotContain(Environment.ProcessId, all.Pids());
        Assert.NotEmpty(all.Pids());
        using var child = System.Diagnostics.Process.Start("sleep", "600");
        try
        {
            Assert.True(
                SpinWait.SpinUntil(() => all.IsNamed(child.Id, "sleep"), TimeSpan.FromSeconds(20)),
                "its name is known"
            );
            Assert.False(all.IsNamed(child.Id, "slee"));
            Assert.True(all.HasOneThread(child.Id));
            string path = File.ResolveLinkTarget($"/proc/{child.Id}/exe", returnFinalTarget: false)!.FullName;
            Assert.True(all.IsNamed(child.Id, path));
            Assert.False(all.IsNamed(child.Id, "/bin/none"));
            Assert.False(all.IsNamed(2, "kthreadd"));
        }
        finally
        {
            child.Kill();
        }
    }

    private sealed class Played : IProcessList
    {
        private int _clock;

        public SortedDictionary<int, (string Name, ProcessIdentity Identity, int Threads)> All { get; } = [];

        public int Looked { get; private set; }

        public void Start(int pid, string name, int threads = 4) =>
            All[pid] = (name, new ProcessIdentity(++_clock, 1000, 2000), threads);

        public void Exec(int pid, string name) =>
            All[pid] = (name, All[pid].Identity with { StartStack = (ulong)(3000 + ++_clock) }, 4);

        public IEnumerable<int> Pids() => [.. All.Keys];

        public ProcessIdentity IdentityOf(int pid)
        {
            Looked++;
            return All[pid].Identity;
        }

        public bool IsNamed(int pid, string name) => All[pid].Name == name;

        public bool HasOneThread(int pid) => All[pid].Threads == 1;
    }
}
