using System.Runtime.CompilerServices;
using Hud.KernelTests.Support;
using Hud.NodeAgent.Bpf;

namespace Hud.KernelTests;

/// <summary>Memory and descriptors of libbpf: what is gone throws, and what is forgotten is freed.</summary>
public sealed class HandleTests
{
    private static BpfProbes Load() => BpfProbes.Load(new KernelSettings { ProbeMode = ProbeMode.SchedOnly });

    [Fact]
    public void Memory_and_maps_of_probes_that_are_disposed_of_cannot_be_reached()
    {
        Need.Kernel();
        var probes = Load();
        var events = probes.Events;
        Assert.True(events.Fd >= 0);
        probes.Control.Enabled = 1;

        probes.Dispose();
        probes.Dispose();
        Assert.Throws<ObjectDisposedException>(() => probes.Control.Enabled);
        Assert.Throws<ObjectDisposedException>(() => events.Fd);
    }

    [Fact]
    public void A_ring_buffer_that_is_forgotten_is_freed()
    {
        Need.Kernel();
        using var probes = Load();
        var forgotten = Forget(probes);
        for (int i = 0; i < 5 && forgotten.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(forgotten.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Forget(BpfProbes probes) => new(new RingBuffer(probes.Events, _ => { }));
}
