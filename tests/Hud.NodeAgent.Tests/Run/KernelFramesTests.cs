using System.Text;
using Hud.Core.Profile;
using Hud.NodeAgent.Run;
using Hud.Symbolization;

namespace Hud.NodeAgent.Tests.Run;

public sealed class KernelFramesTests
{
    private const string Symbols = """
        ffffffff81000000 T __schedule
        ffffffff81001000 T schedule
        ffffffff81002000 t futex_do_wait
        ffffffff81003000 T futex_wait
        ffffffff81004000 T __x64_sys_futex
        ffffffff81005000 T do_syscall_64
        """;

    private static readonly ulong[] Stack =
    [
        0xffffffff81000010,
        0xffffffff81001010,
        0xffffffff81002010,
        0xffffffff81003010,
        0xffffffff81004010,
        0xffffffff81005010,
        0x1000,
    ];

    [Fact]
    public void Between_the_scheduler_and_the_system_call_lies_what_it_waited_for()
    {
        var frames = Resolve(Symbols);
        Assert.Equal(["futex_do_wait", "futex_wait", "?+0x1000"], frames.Select(f => f.Function));
        Assert.Equal([FrameKind.Kernel, FrameKind.Kernel, FrameKind.Unknown], frames.Select(f => f.Kind));
    }

    [Fact]
    public void A_kernel_that_hides_its_names_adds_no_frames() =>
        Assert.Equal("?+0x1000", Assert.Single(Resolve("0000000000000000 T __schedule\n")).Function);

    private static IReadOnlyList<Hud.Frames.Frame> Resolve(string kallsyms)
    {
        var names = new SymbolizedFrames(
            new Symbolizer(new SymbolizerOptions()),
            _ => null,
            () => KernelSymbols.Parse(new MemoryStream(Encoding.UTF8.GetBytes(kallsyms)))
        );
        return names.Resolve(new(0), Stack, exact: true);
    }
}
