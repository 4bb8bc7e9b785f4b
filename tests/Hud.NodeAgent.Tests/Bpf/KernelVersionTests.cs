using Hud.NodeAgent.Bpf;

namespace Hud.NodeAgent.Tests.Bpf;

public sealed class KernelVersionTests
{
    [Theory]
    [InlineData("6.18.44-fc-v595", 6, 18)]
    [InlineData("6.1.0-28-amd64", 6, 1)]
    [InlineData("5.15.0-1053-aws", 5, 15)]
    [InlineData("6.13-rc1", 6, 13)]
    [InlineData("6.6+", 6, 6)]
    [InlineData("5.10.0", 5, 10)]
    [InlineData("six", 0, 0)]
    [InlineData("6", 0, 0)]
    [InlineData("", 0, 0)]
    public void The_first_two_numbers_count(string release, int major, int minor) =>
        Assert.Equal(new Version(major, minor), KernelVersion.Parse(release));

    [Theory]
    [InlineData("0\n", "0")]
    [InlineData("0-3,6\n", "0 1 2 3 6")]
    [InlineData("0,2-3,8-9", "0 2 3 8 9")]
    [InlineData("", "")]
    [InlineData("\n", "")]
    [InlineData("3-1", "")]
    [InlineData("a-b,4", "4")]
    [InlineData("0-999999999", "")]
    [InlineData("-2147483648-2147483647", "")]
    public void A_list_of_CPUs_is_read_and_bounded(string text, string cpus) =>
        Assert.Equal(cpus, string.Join(' ', CpuClock.ParseCpuList(text)));
}
