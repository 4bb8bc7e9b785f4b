using System.Runtime.InteropServices;
using Hud.NodeAgent.Interop;

namespace Hud.NodeAgent.Bpf;

/// <summary>A software clock on each CPU that runs the sampler. Needs no hardware counters.</summary>
internal sealed unsafe class CpuClock : IDisposable
{
    private readonly List<BpfLink> _links = [];
    private readonly List<int> _descriptors = [];

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

    /// <exception cref="BpfException" />
    public CpuClock(BpfProgram sampler, int hertz)
    {
        const uint software = 1;
        const ulong useFrequency = 1 << 10;
        foreach (int cpu in OnlineCpus())
        {
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
            if (fd < 0)
            {
                Dispose();
                throw BpfException.FromErrno($"open the clock of CPU {cpu}", -fd);
            }

            try
            {
                _links.Add(sampler.AttachPerfEvent(fd));
            }
            catch (BpfException)
            {
                _ = Libc.close(fd);
                Dispose();
                throw;
            }

            _descriptors.Add(fd);
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

    private static List<int> OnlineCpus() => ParseCpuList(File.ReadAllText("/sys/devices/system/cpu/online"));

    public void Dispose()
    {
        // libbpf closes the perf descriptor together with its link
        foreach (var link in _links)
            link.Dispose();
        _links.Clear();
        _descriptors.Clear();
    }
}
