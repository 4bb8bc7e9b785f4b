using System.Globalization;
using System.Text.RegularExpressions;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Tests.Documents;

namespace Hud.Reports.Tests.Formats;

/// <summary>Read by <c>go tool pprof</c>.</summary>
public sealed class PprofFormatTests
{
    private static readonly ProfileDocument Document = RealisticDocuments.Checkout();

    [Fact]
    public void Go_reads_four_sample_types_whose_sums_are_the_documents()
    {
        string raw = Pprof(Document, "-raw");
        Assert.Matches(@"slow_polls/count on_cpu/nanoseconds.* blocked/nanoseconds.* run_queue/nanoseconds", raw);
        var sums = new long[4];
        foreach (
            Match sample in Regex.Matches(
                raw,
                @"^\s*(?<a>\d+)\s+(?<b>\d+)\s+(?<c>\d+)\s+(?<d>\d+): [\d ]+$",
                RegexOptions.Multiline | RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(10)
            )
        )
        {
            for (int i = 0; i < 4; i++)
                sums[i] += long.Parse(sample.Groups[i + 1].Value, CultureInfo.InvariantCulture);
        }

        Assert.Equal(
            [
                Document.SlowPolls.Count,
                Document.SlowPolls.Sum(p => p.OnCpuNs),
                Document.SlowPolls.Sum(p => p.BlockedNs),
                Document.SlowPolls.Sum(p => p.RunQueueNs),
            ],
            sums
        );
    }

    [Fact]
    public void Go_ranks_the_users_function_with_its_file_and_line()
    {
        string top = Pprof(Document, "-top", "-cum", "-lines", "-sample_index=on_cpu", "-nodecount=40");
        Assert.Contains("checkout::login src/login.rs:42", top);
        Assert.Contains("bcrypt::hash", top);
        string blocked = Pprof(Document, "-top", "-cum", "-sample_index=blocked", "-nodecount=40");
        Assert.Contains("checkout::catalog::load_page", blocked);
    }

    [Fact]
    public void Inlined_frames_are_marked_as_inlined() =>
        Assert.Contains(
            "bcrypt::bcrypt::bcrypt (inline)",
            Pprof(Document, "-top", "-sample_index=on_cpu", "-nodecount=60")
        );

    [Fact]
    public void Labels_name_task_worker_pod_and_cause()
    {
        string tags = Pprof(Document, "-tags", "-sample_index=slow_polls");
        Assert.Contains("checkout::handle_request::{{closure}}", tags);
        Assert.Contains("tokio-rt-worker/4250", tags);
        Assert.Contains("checkout-0", tags);
        Assert.Matches(@"cause: Total \d+", tags);
        Assert.Contains("BlockingCall", tags);
    }

    [Fact]
    public void The_verdict_and_the_losses_are_comments() =>
        Assert.Matches(@"BLOCKED[\s\S]*not complete: .*truncated stacks 3", Pprof(Document, "-comments"));

    [Fact]
    public void Hostile_and_damaged_documents_are_still_profiles()
    {
        Assert.Contains("slow_polls", Pprof(RealisticDocuments.Hostile(), "-raw"));
        Assert.Contains("slow_polls", Pprof(RealisticDocuments.Damaged(), "-raw"));
        Assert.Contains("slow_polls", Pprof(RealisticDocuments.NoData(), "-raw"));
    }

    private static string Pprof(ProfileDocument document, params string[] arguments)
    {
        using var file = Tool.File("profile.pb.gz", ReportFormats.Render(OutputFormat.Pprof, document));
        return Tool.Run("go", ["tool", "pprof", .. arguments, file.Path]);
    }
}
