using Hud.NodeAgent.Bpf;

namespace Hud.NodeAgent.Tests.Bpf;

public sealed class CpuClockTests
{
    private readonly List<string> _done = [];
    private string _online = "0-1";

    [Fact]
    public void A_cpu_that_comes_online_gets_a_clock()
    {
        using var clock = Make();
        clock.Follow();
        _online = "0-1,3";
        clock.Follow();
        clock.Follow();
        Assert.Equal(["open 0", "open 1", "open 3"], _done);
        Assert.Equal([0, 1, 3], clock.Cpus.Order());
    }

    [Fact]
    public void The_clock_of_a_cpu_that_went_is_ended_and_made_anew_when_it_is_back()
    {
        using var clock = Make();
        clock.Follow();
        _online = "0";
        clock.Follow();
        _online = "0-1";
        clock.Follow();
        Assert.Equal(["open 0", "open 1", "end 1", "open 1"], _done);
    }

    [Fact]
    public void A_cpu_that_goes_offline_while_its_clock_is_started_is_tried_again()
    {
        bool there = false;
        using var clock = new CpuClock(() => _online, cpu => cpu == 1 && !there ? null : new Clock(_done, cpu));
        clock.Follow();
        Assert.Equal([0], clock.Cpus);
        there = true;
        clock.Follow();
        Assert.Equal([0, 1], clock.Cpus.Order());
    }

    private CpuClock Make() => new(() => _online, cpu => new Clock(_done, cpu));

    private sealed class Clock : IDisposable
    {
        private readonly List<string> _done;
        private readonly int _cpu;

        public Clock(List<string> done, int cpu)
        {
            (_done, _cpu) = (done, cpu);
            done.Add($"open {cpu}");
        }

        public void Dispose() => _done.Add($"end {_cpu}");
    }
}
