using System.Text.RegularExpressions;
using Hud.Elf;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Tests.Kernel;

public partial class SyscallNamesTests
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
        Assert.Equal(name, SyscallNames.Name(machine, number));

    [Fact]
    public void The_tables_agree_with_the_systems_headers()
    {
        const string Header = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h";
        if (!File.Exists(Header))
        {
            Missing.Tool("linux-libc-dev");
        }

        var matches = Definition().Matches(File.ReadAllText(Header));
        Assert.True(matches.Count > 300);
        foreach (Match m in matches)
        {
            Assert.Equal(
                m.Groups["name"].Value,
                SyscallNames.Name(ElfMachine.X64, long.Parse(m.Groups["number"].Value))
            );
        }
    }

    [GeneratedRegex(
        @"#define __NR_(?<name>\w+) (?<number>\d+)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Definition();
}
