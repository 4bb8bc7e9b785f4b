using System.Runtime.InteropServices;
using Hud.NodeAgent.Interop;

namespace Hud.NodeAgent.Bpf;

/// <summary>
/// A software clock on each CPU that runs the sampler. Needs no hardware counters. A perf event is of one CPU and ends when that goes offline
/// (perf_event_exit_cpu); one that comes online has none. Tracepoints and probes are of all CPUs, also of those that come later, so without
/// <see cref="Follow"/> the stacks of what computes there would be missing and nothing else.
/// </summary>
/// <param name="online">The text of <c>/sys/devices/system/cpu/online</c>, e.g. <c>0-3,6</c>.</param>
/// <param name="open">Starts the clock of one CPU; null when it has gone offline meanwhile.</param>
internal sealed class CpuClock(Func<string> online, Func<int, IDisposable?> open) : IDisposable
{
    private readonly Dictionary<int, IDisposable> _clocks = [];

    /// <summary>CPUs whose clock is running.</summary>
    public IEnumerable<int> Cpus => _clocks.Keys;

    /// <exception cref="BpfException">A clock could not be started.</exception>
    public static CpuClock Start(BpfProgram sampler, int hertz)
    {
        var clock = new CpuClock(
            () => File.ReadAllText("/sys/devices/system/cpu/online"),
            cpu => Open(sampler, hertz, cpu)
        );
        try
        {
            clock.Follow();
            return clock;
        }
        catch
        {
            clock.Dispose();
            throw;
        }
    }

    /// <summary>Starts the clocks of CPUs that came, and ends those of CPUs that went: they would stay silent when their CPU comes back.</summary>
    /// <exception cref="BpfException">A clock could not be started; the next call tries again.</exception>
    public void Follow()
    {
        var there = ParseCpuList(online()).ToHashSet();
        foreach (int gone in _clocks.Keys.Where(cpu => !there.Contains(cpu)).ToList())
        {
            _clocks.Remove(gone, out var clock);
            clock?.Dispose();
        }

        foreach (int cpu in there.Where(cpu => !_clocks.ContainsKey(cpu)).Order())
        {
            if (open(cpu) is { } clock)
                _clocks[cpu] = clock;
        }
    }

    /// <summary><c>/sys/devices/system/cpu/online</c>, e.g. <c>0-3,6</c>.</summary>
    internal static List<int> ParseCpuList(string text)
    {
        var cpus = new List<int>();
        foreach (string part in text.Trim().Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = part.Split('-');
            if (int.TryParse(ends[0], out int first) && int.TryParse(ends[^1], out int last) && last - first < 8192)
            {
                for (int cpu = first; cpu <= last; cpu++)
                    cpus.Add(cpu);
            }
        }

        return cpus;
    }

    public void Dispose()
    {
        foreach (var clock in _clocks.Values)
            clock.Dispose();
        _clocks.Clear();
    }

    /// <summary><c>struct perf_event_attr</c>, first version (64 bytes) and the fields used.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 112)]
    private struct Attributes
    {
        [FieldOffset(0)]
        public uint Type;

        [FieldOffset(4)]
        public uint Size;

        [FieldOffset(8)]
        public ulong Config;

        [FieldOffset(16)]
        public ulong Frequency;

        [FieldOffset(40)]
        public ulong Flags;
    }

    private static unsafe BpfLink? Open(BpfProgram sampler, int hertz, int cpu)
    {
        const uint software = 1;
        const ulong useFrequency = 1 << 10;
        const int noSuchDevice = 19; // ENODEV: the CPU is offline
        var attributes = new Attributes
        {
            Type = software,
            Size = 112,
            Config = 0,
            Frequency = (ulong)hertz,
            Flags = useFrequency,
        };
        int fd = Libc.PerfEventOpen(
            &attributes,
            -1,
            cpu,
            -1,
            8 /* close on exec */
        );
        if (fd == -noSuchDevice)
            return null;
        if (fd < 0)
            throw BpfException.FromErrno($"open the clock of CPU {cpu}", -fd);
        try
        {
            return sampler.AttachPerfEvent(fd); // libbpf closes the descriptor together with its link
        }
        catch (BpfException)
        {
            _ = Libc.close(fd);
            throw;
        }
    }
}
