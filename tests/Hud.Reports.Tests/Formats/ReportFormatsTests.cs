using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Tests.Documents;

namespace Hud.Reports.Tests.Formats;

public sealed class ReportFormatsTests
{
    public static TheoryData<OutputFormat> Formats => [.. Enum.GetValues<OutputFormat>()];

    [Fact]
    public void Every_format_a_session_can_name_exists_with_a_key_and_extension_of_its_own()
    {
        Assert.Equal(Enum.GetValues<OutputFormat>().Order(), ReportFormats.All.Select(f => f.Format).Order());
        Assert.Equal(
            ReportFormats.All.Count,
            ReportFormats.All.Select(f => f.Key).Distinct(StringComparer.Ordinal).Count()
        );
        Assert.Equal(
            ReportFormats.All.Count,
            ReportFormats.All.Select(f => f.FileExtension).Distinct(StringComparer.Ordinal).Count()
        );
        // what a ConfigMap accepts as a key
        Assert.All(ReportFormats.All, f => Assert.Matches("^[-._a-zA-Z0-9]{1,253}$", f.Key));
    }

    [Theory]
    [InlineData("x.json", OutputFormat.Report)]
    [InlineData("x.trace.json", OutputFormat.ChromeTrace)]
    [InlineData("x.speedscope.json", OutputFormat.Speedscope)]
    [InlineData("x.targets.json", OutputFormat.Targets)]
    [InlineData("x.folded.txt", OutputFormat.Folded)]
    [InlineData("x.pb.gz", OutputFormat.Pprof)]
    [InlineData("dir/x.SVG", OutputFormat.FlameGraph)]
    [InlineData("x.html", OutputFormat.Page)]
    public void A_file_name_gives_the_format(string name, OutputFormat expected)
    {
        Assert.True(ReportFormats.TryFromFileName(name, out var format));
        Assert.Equal(expected, format.Format);
    }

    [Fact]
    public void An_unknown_file_name_gives_none() => Assert.False(ReportFormats.TryFromFileName("x.docx", out _));

    [Theory, MemberData(nameof(Formats))]
    public void The_same_document_gives_the_same_bytes(OutputFormat format) =>
        Assert.Equal(
            ReportFormats.Render(format, RealisticDocuments.Checkout()),
            ReportFormats.Render(format, RealisticDocuments.Checkout())
        );

    [Theory, MemberData(nameof(Formats))]
    public void Every_format_of_the_largest_document_fits_a_config_map_and_says_when_it_was_cut(OutputFormat format)
    {
        var document = RealisticDocuments.Large();
        byte[] whole = ReportFormats.Get(format).Render(document, int.MaxValue, out bool cutWhole);
        byte[] fitted = ReportFormats.Get(format).Render(document, ReportFormats.MaxConfigMapBytes, out bool cut);
        Assert.False(cutWhole);
        Assert.Equal(whole.Length > ReportFormats.MaxConfigMapBytes, cut);
        Assert.InRange(fitted.Length, 1, ReportFormats.MaxConfigMapBytes);
    }

    [Theory, MemberData(nameof(Formats))]
    public void Names_without_end_still_fit_the_smallest_bound(OutputFormat format)
    {
        var document = RealisticDocuments.Hostile();
        var large = document with
        {
            Tasks = [.. Enumerable.Repeat(document.Tasks[0] with { Name = new string('T', 20_000) }, 500)],
            Warnings = [.. Enumerable.Repeat(new ProfileWarning("HUD999", new string('w', 9_000), ""), 100)],
        };
        byte[] bytes = ReportFormats
            .Get(format)
            .Render(large, format == OutputFormat.Page ? 3 * ReportFormats.MinBytes : ReportFormats.MinBytes, out _);
        Assert.InRange(bytes.Length, 1, 3 * ReportFormats.MinBytes);
    }

    [Theory, MemberData(nameof(Formats))]
    public void Damaged_empty_and_healthy_documents_render(OutputFormat format)
    {
        foreach (
            var document in new[]
            {
                RealisticDocuments.Damaged(),
                RealisticDocuments.NoData(),
                RealisticDocuments.Healthy(),
                new ProfileDocument(),
            }
        )
        {
            byte[] bytes = ReportFormats.Render(format, document);
            // no stack lost any time: for folded stacks that is an empty file
            Assert.True(bytes.Length > 0 || format == OutputFormat.Folded);
        }
    }
}
