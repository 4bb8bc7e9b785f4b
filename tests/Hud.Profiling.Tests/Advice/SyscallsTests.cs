using System.Text.RegularExpressions;
using Hud.Profiling.Advice;
using Hud.Profiling.Elf;

namespace Hud.Profiling.Tests.Advice;

public partial class SyscallsTests
{
    [Theory]
    [InlineData(ElfMachine.X64, 0, "read")]
    [InlineData(ElfMachine.X64, 202, "futex")]
    [InlineData(ElfMachine.X64, 230, "clock_nanosleep")]
    [InlineData(ElfMachine.X64, 335, "uretprobe")]
    [InlineData(ElfMachine.X64, 441, "epoll_pwait2")]
    [InlineData(ElfMachine.X64, 455, "futex_wait")]
    [InlineData(ElfMachine.AArch64, 63, "read")]
    [InlineData(ElfMachine.AArch64, 98, "futex")]
    [InlineData(ElfMachine.AArch64, 115, "clock_nanosleep")]
    [InlineData(ElfMachine.AArch64, 22, "epoll_pwait")]
    [InlineData(ElfMachine.AArch64, 441, "epoll_pwait2")]
    [InlineData(ElfMachine.X64, -1, "")]
    [InlineData(ElfMachine.X64, 400, "syscall_400")]
    [InlineData(ElfMachine.X64, 99999, "syscall_99999")]
    public void Numbers_have_names(ElfMachine machine, long number, string name) =>
        Assert.Equal(name, Syscalls.Name(machine, number));

    [Fact]
    public void The_tables_agree_with_the_systems_headers()
    {
        const string Header = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h";
        if (!File.Exists(Header))
        {
            Elf.Missing.Tool("linux-libc-dev");
        }

        var matches = Definition().Matches(File.ReadAllText(Header));
        Assert.True(matches.Count > 300);
        foreach (Match m in matches)
        {
            Assert.Equal(m.Groups["name"].Value, Syscalls.Name(ElfMachine.X64, long.Parse(m.Groups["number"].Value)));
        }
    }

    [Theory]
    [InlineData("futex", SyscallGroup.Futex)]
    [InlineData("clock_nanosleep", SyscallGroup.Sleep)]
    [InlineData("fsync", SyscallGroup.FileSync)]
    [InlineData("recvfrom", SyscallGroup.Network)]
    [InlineData("epoll_wait", SyscallGroup.Poll)]
    [InlineData("getpid", SyscallGroup.None)]
    [InlineData(null, SyscallGroup.None)]
    public void Calls_are_grouped_by_what_they_wait_for(string? name, SyscallGroup group) =>
        Assert.Equal(group, Syscalls.GroupOf(name));

    [GeneratedRegex(
        @"#define __NR_(?<name>\w+) (?<number>\d+)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Definition();
}
