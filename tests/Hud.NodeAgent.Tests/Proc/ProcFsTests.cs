using Hud.NodeAgent.Preflight;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Tests.Proc;

public sealed class ProcFsTests
{
    private const string Stat =
        "4242 (web) S 1 4242 4242 0 -1 4194560 100 0 0 0 17 5 0 0 20 0 3 0 987654 0 0 18446744073709551615 0 0";

    [Fact]
    public void Start_and_CPU_time_are_read_from_stat()
    {
        Assert.True(ProcFs.TryParseStat(Stat, out long start, out long cpu));
        Assert.Equal((987654, 22), (start, cpu));
    }

    [Theory]
    [InlineData("a b) c")]
    [InlineData(") S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21")]
    [InlineData("(((")]
    [InlineData("\n")]
    [InlineData("")]
    public void A_name_may_hold_anything(string name)
    {
        Assert.True(
            ProcFs.TryParseStat(
                Stat.Replace("(web)", $"({name})", StringComparison.Ordinal),
                out long start,
                out long cpu
            )
        );
        Assert.Equal((987654, 22), (start, cpu));
    }

    [Theory]
    [InlineData("")]
    [InlineData("4242")]
    [InlineData("4242 (web)")]
    [InlineData("4242 (web) S 1 2 3")]
    [InlineData("4242 (web) S 1 4242 4242 0 -1 4194560 100 0 0 0 x 5 0 0 20 0 3 0 987654 0")]
    public void What_is_cut_short_is_refused(string stat) => Assert.False(ProcFs.TryParseStat(stat, out _, out _));

    [Theory]
    [InlineData('S', 3, false)]
    [InlineData('S', 1, false)]
    [InlineData('Z', 1, true)]
    [InlineData('X', 0, true)]
    [InlineData('Z', 3, false)] // its first thread has ended, the others go on
    public void A_process_that_only_waits_for_its_parent_has_ended(char state, int threads, bool ended)
    {
        string stat = Stat.Replace(") S", $") {state}", StringComparison.Ordinal)
            .Replace(" 20 0 3 0 ", $" 20 0 {threads} 0 ", StringComparison.Ordinal);
        Assert.Equal(ended, ProcFs.HasEnded(stat));
        Assert.Equal(ended, ProcFs.HasEnded(stat.Replace("(web)", "(a) Z 1 (b)", StringComparison.Ordinal)));
        Assert.False(ProcFs.HasEnded(stat[..30]));
    }

    [Fact]
    public void A_field_of_status_is_found_by_its_whole_name()
    {
        const string status = "Name:\tweb\nSeccomp_filters:\t3\nSeccomp:\t2\nCapEff:\t000001ffffffffff\n";
        Assert.Equal("2", ProcFs.StatusField(status, "Seccomp"));
        Assert.Equal("web", ProcFs.StatusField(status, "Name"));
        Assert.Equal("", ProcFs.StatusField(status, "Cap"));
        Assert.Equal("", ProcFs.StatusField("", "Name"));
    }

    [Fact]
    public void A_process_that_is_gone_is_an_answer_and_no_exception()
    {
        const int missing = int.MaxValue;
        Assert.False(ProcFs.Exists(missing));
        Assert.Empty(ProcFs.Threads(missing));
        Assert.Equal("", ProcFs.ThreadName(missing, 1));
        Assert.Equal(-1, ProcFs.StartTicks(missing));
        Assert.Equal(0, ProcFs.CpuTimeNs(missing));
        Assert.Empty(TargetFiles.ReadMaps(missing).Mappings.ToArray());
        Assert.False(TargetFiles.TryReadMemory(missing, 0x1000, 8, out _));
    }

    [Fact]
    public void This_process_is_seen_as_it_is()
    {
        int pid = Environment.ProcessId;
        Assert.Contains(pid, ProcFs.Threads(pid));
        Assert.True(ProcFs.StartTicks(pid) > 0);
        Assert.True(ProcFs.CpuTimeNs(pid) > 0);
        Assert.NotEqual(0u, ProcFs.PidNamespace("self"));
        Assert.Contains(
            TargetFiles.ReadMaps(pid).Mappings.ToArray(),
            m => m.Path.EndsWith("libcoreclr.so", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_file_without_an_end_is_read_up_to_the_bound() =>
        Assert.True(ProcFs.TryReadBytes("/dev/zero", out byte[]? bytes, maxBytes: 100_000) && bytes.Length < 200_000);

    [Theory]
    [InlineData("CapEff:\t000001ffffffffff", "")]
    [InlineData("CapEff:\t0000000000000000", "CAP_BPF CAP_PERFMON CAP_SYS_PTRACE CAP_DAC_READ_SEARCH")]
    [InlineData("CapEff:\t000000c000080004", "")] // exactly the four
    [InlineData("CapEff:\t0000000000280004", "")] // CAP_SYS_ADMIN as before 5.8
    [InlineData("CapEff:\t0000004000080004", "CAP_BPF")]
    [InlineData("CapEff:\t0000008000080004", "CAP_PERFMON")]
    [InlineData("CapEff:\t000000c000000004", "CAP_SYS_PTRACE")]
    [InlineData("CapEff:\t000000c000080000", "CAP_DAC_READ_SEARCH")]
    [InlineData("", "CAP_BPF CAP_PERFMON CAP_SYS_PTRACE CAP_DAC_READ_SEARCH")]
    public void Missing_capabilities_are_named(string status, string missing) =>
        Assert.Equal(missing, string.Join(' ', Machine.MissingCapabilities(status).Select(m => m.Name)));
}
