using Hud.Elf;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;
using Hud.Tokio;
using Hud.Unwinding;

namespace Hud.NodeAgent.Tests.Run;

public sealed class TokioFilesTests
{
    private static readonly TokioFile Executable = new(Itself(), "/srv/checkout", "key", new TokioBinary());

    private static FileByteSource Itself()
    {
        Assert.True(FileByteSource.TryOpen("/proc/self/exe", out var source, out string error), error);
        return source;
    }

    private static Mapping Map(ulong start, ulong inode, bool code = true) =>
        new(
            start,
            start + 0x1000,
            MappingPermissions.Read | (code ? MappingPermissions.Execute : MappingPermissions.None),
            0,
            8,
            1,
            inode,
            inode == 0 ? "" : $"/lib/{inode}.so",
            Deleted: false
        );

    [Fact]
    public void Each_file_with_code_is_looked_at_once()
    {
        var space = new AddressSpaceMap([
            Map(0x9000, 7),
            Map(0x1000, 5, code: false),
            Map(0x2000, 5),
            Map(0x4000, 5),
            Map(0x5000, 0),
            Map(0x7000, 6, code: false),
        ]);
        Assert.Equal([0x2000UL, 0x9000], TokioFiles.Libraries(space).Select(m => m.Start));
    }

    [Fact]
    public void An_executable_with_Tokio_is_there_when_no_library_has_any()
    {
        var with = Executable with { Tokio = new TokioBinary { BlockingTypes = 1 } };
        Assert.Equal(
            [with],
            TokioFiles.Find(
                Environment.ProcessId,
                with,
                TargetFiles.ReadMaps(Environment.ProcessId),
                new TargetFiles(new UnwindTableCache())
            )
        );
    }

    [Fact]
    public void Libraries_without_Tokio_leave_the_executable()
    {
        // this very process: a host of .NET with dozens of libraries in C and C++
        var space = TargetFiles.ReadMaps(Environment.ProcessId);
        Assert.True(TokioFiles.Libraries(space).Count() > 5);
        Assert.Equal(
            [Executable],
            TokioFiles.Find(Environment.ProcessId, Executable, space, new TargetFiles(new UnwindTableCache()))
        );
    }
}
