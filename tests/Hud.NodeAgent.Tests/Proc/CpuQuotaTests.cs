using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Tests.Proc;

public sealed class CpuQuotaTests
{
    [Fact]
    public void The_second_version_counts_in_microseconds() =>
        Assert.Equal(new CpuQuota(90_950_000, 3), CpuQuota.Parse("usage_usec 1200\nuser_usec 1000\nsystem_usec 200\nnr_periods 12\nnr_throttled 3\nthrottled_usec 90950\nnr_bursts 0\nburst_usec 0\n"));

    [Fact]
    public void The_first_version_counts_in_nanoseconds() =>
        Assert.Equal(new CpuQuota(90_950_123, 3), CpuQuota.Parse("nr_periods 12\nnr_throttled 3\nthrottled_time 90950123\n"));

    [Theory]
    [InlineData("")]
    [InlineData("usage_usec 12\n")]
    [InlineData("throttled_usec\nnr_throttled\n")]
    [InlineData("throttled_usec many\nnr_throttled -\n")]
    [InlineData("\0\0\0")]
    public void Without_a_limit_nothing_is_throttled(string text) => Assert.Equal(default, CpuQuota.Parse(text));

    [Fact]
    public void The_cgroup_of_the_second_version_is_one_path() =>
        Assert.Equal(["/sys/fs/cgroup/kubepods.slice/pod1/cpu.stat", "/sys/fs/cgroup/unified/kubepods.slice/pod1/cpu.stat"], CpuQuota.Candidates("0::/kubepods.slice/pod1\n"));

    [Fact]
    public void The_first_version_has_one_path_for_each_controller() =>
        Assert.Equal(["/sys/fs/cgroup/cpu,cpuacct/kubepods/pod1/cpu.stat", "/sys/fs/cgroup/cpu/kubepods/pod1/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"],
            CpuQuota.Candidates("5:memory:/kubepods/pod1\n4:cpu,cpuacct:/kubepods/pod1\n1:name=systemd:/x\n"));

    [Theory]
    [InlineData("0::/../../etc")]
    [InlineData("0:/")]
    [InlineData("nonsense")]
    [InlineData("3:cpuset:/a")]
    public void Paths_that_lead_elsewhere_are_left_out(string text) => Assert.Empty(CpuQuota.Candidates(text));

    [Fact]
    public void No_file_is_no_throttling()
    {
        Assert.Equal(default, CpuQuota.Read(null));
        Assert.Equal(default, CpuQuota.Read("/nowhere/cpu.stat"));
    }
}
