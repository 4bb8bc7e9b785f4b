namespace Hud.Analysis.Tests;

public class SyscallGroupsTests
{
    [Theory]
    [InlineData("futex", SyscallGroup.Futex)]
    [InlineData("clock_nanosleep", SyscallGroup.Sleep)]
    [InlineData("fsync", SyscallGroup.FileSync)]
    [InlineData("recvfrom", SyscallGroup.Network)]
    [InlineData("epoll_wait", SyscallGroup.Poll)]
    [InlineData("getpid", SyscallGroup.None)]
    [InlineData(null, SyscallGroup.None)]
    public void Calls_are_grouped_by_what_they_wait_for(string? name, SyscallGroup group) =>
        Assert.Equal(group, SyscallGroups.Of(name));
}
