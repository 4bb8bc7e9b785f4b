using Hud.NodeAgent.Bpf;

namespace Hud.NodeAgent.Tests.Bpf;

public sealed class UprobeMultiTests
{
    [Theory]
    [InlineData("6.6.30-generic", 0)]
    [InlineData("6.8.0-45-generic", 0)]
    [InlineData("6.9.12", 0)]
    [InlineData("6.10.0", 4242)]
    [InlineData("6.18.44", 4242)]
    [InlineData("7.0.1", 4242)]
    public void Where_the_kernel_compares_threads_the_programs_filter_alone(string release, int pid) =>
        Assert.Equal(pid, UprobeMulti.FilterPid(KernelVersion.Parse(release), 4242));
}
