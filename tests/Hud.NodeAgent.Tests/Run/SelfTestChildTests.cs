using System.Diagnostics;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class SelfTestChildTests
{
    [Fact]
    public void A_child_that_was_late_once_is_not_asked_again()
    {
        using var child = SelfTestChild.Start("cost", TimeSpan.FromMilliseconds(100));
        if (child is null)
            Assert.Skip("programs may not run from memory here (vm.memfd_noexec)");
        Signal("STOP", child.Pid);
        Assert.Null(child.Cost(1));
        Signal("CONT", child.Pid);

        // its answer comes now, and is that to the first question
        Assert.Null(child.Cost(1));
    }

    [Fact]
    public void A_child_with_time_answers()
    {
        using var child = SelfTestChild.Start("cost", TimeSpan.FromMinutes(1));
        if (child is null)
            Assert.Skip("programs may not run from memory here (vm.memfd_noexec)");
        Assert.NotNull(child.Cost(1));
        Assert.NotNull(child.Cost(1));
    }

    private static void Signal(string name, int pid)
    {
        using var kill = Process.Start("kill", ["-" + name, $"{pid}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
