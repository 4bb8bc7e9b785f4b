using Hud.KernelTests.Support;
using Hud.NodeAgent.Kernel;
using Hud.Symbolization;

namespace Hud.KernelTests;

/// <summary>Where in the kernel a poll slept: for sleeps over the threshold only.</summary>
[Trait("runs", "alone")]
public sealed class KernelStackTests
{
    [Theory]
    [InlineData("sleep", "nanosleep")]
    [InlineData("mutex", "futex")]
    public void A_long_sleep_shows_what_it_waited_for(string workload, string expected)
    {
        Need.ProbeMode("uprobe.session");
        var kernel = KernelSymbols.Load();
        Assert.True(kernel.Count > 10_000, "the tests run as root, which may read the kernel's symbols");
        using var service = ProbedWorkload.Start(workload, "--workers 2 --tasks 2 --every-ms 20 --block-ms 20");
        bool Reported(HudEvent e)
        {
            ReadOnlySpan<ulong> addresses = e.KernelIp;
            foreach (ulong address in addresses[..(int)e.KernelFrames])
            {
                if (kernel.TryFind(address, out string name) && name.Contains(expected, StringComparison.Ordinal))
                    return true;
            }

            return false;
        }

        Need.Until(
            () =>
            {
                service.Ring.Drain();
                return service.Events.Exists(e =>
                    e.Kind == EventKind.Poll && (e.Flags & EventFlags.StackBlock) != EventFlags.None && Reported(e)
                );
            },
            $"a slow poll shows {expected}"
        );
        Assert.All(
            service.Events.Where(e => (e.Flags & EventFlags.StackBlock) == EventFlags.None),
            e => Assert.Equal(0u, e.KernelFrames)
        );
    }
}
