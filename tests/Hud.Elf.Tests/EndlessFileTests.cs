using System.Buffers.Binary;
using System.Diagnostics;
using Hud.Tokio;
using Hud.Unwinding;

namespace Hud.Elf.Tests;

/// <summary>Files whose headers claim endless content.</summary>
public sealed class EndlessFileTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>A fixed-address program of one data segment and one code segment that claim 2^62 bytes of a small file.</summary>
    private static byte[] Endless()
    {
        byte[] file = new byte[4096];
        TinyElf.Header(file, machine: 62, segments: 2);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(16), 2);
        TinyElf.Segment(file, 0, type: 1, flags: 4, 0, 0x400000, 1UL << 62);
        TinyElf.Segment(file, 1, type: 1, flags: 5, 0, 0x400000 + (1UL << 62), 1UL << 62);
        return file;
    }

    private static void GoesThrough(IByteSource source)
    {
        var clock = Stopwatch.StartNew();
        var work = Task.Factory.StartNew(
            () =>
            {
                Assert.True(ElfFile.TryOpen(source, out var elf, out string error), error);
                Assert.False(TokioBinary.Discover(elf).HasTokio);
                Assert.False(TokioBinary.IsLikelyIn(elf));
                Assert.Same(TokioSignatures.None, TokioSignatures.Find(elf));
                Assert.True(UnwindTable.Build(elf).IsEmpty);
                Assert.NotEmpty(elf.ContentKey);
                Assert.Equal(0, elf.Functions.Count);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        Assert.True(work.Wait(Soon), $"not done after {clock.Elapsed}");
    }

    [Fact]
    public void A_segment_ends_where_the_file_does_whatever_its_header_says() =>
        GoesThrough(new MemoryByteSource(Endless()));

    /// <summary>The file is as long as it says, and holds nothing: 2^42 bytes that no disk has.</summary>
    [Fact]
    public void A_sparse_file_is_read_as_far_as_the_budget_goes()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("hud-endless-").FullName, "sparse");
        using (var file = File.Create(path))
        {
            file.Write(Endless());
            file.SetLength(1L << 42);
        }

        var budget = new ReadBudget(64 << 20, TimeSpan.FromMinutes(10));
        Assert.True(FileByteSource.TryOpen(path, out var source, out string error, budget), error);
        using (source)
            GoesThrough(source);
        Assert.True(budget.IsExceeded);
        File.Delete(path);
    }

    [Fact]
    public void A_budget_ends_with_its_bytes_its_time_or_the_wish_to_stop_and_can_be_renewed()
    {
        Assert.False(new ReadBudget(9, TimeSpan.FromHours(1)).TryTake(10));
        Assert.False(new ReadBudget(100, TimeSpan.FromTicks(-1)).TryTake(10));
        using var stop = new CancellationTokenSource();
        var budget = new ReadBudget(100, TimeSpan.FromHours(1), stop.Token);
        Assert.True(budget.TryTake(10));
        Assert.False(budget.IsExceeded);
        stop.Cancel();
        Assert.False(budget.TryTake(10));
        Assert.True(budget.IsExceeded);
        budget.Renew(10, Timeout.InfiniteTimeSpan);
        Assert.True(budget.TryTake(10));
        Assert.False(budget.TryTake(1));
    }
}
