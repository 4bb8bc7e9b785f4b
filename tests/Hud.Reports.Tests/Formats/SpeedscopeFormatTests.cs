using System.Text.Json;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Tests.Documents;

namespace Hud.Reports.Tests.Formats;

public sealed class SpeedscopeFormatTests
{
    [Fact]
    public void Weights_add_up_and_samples_refer_to_frames()
    {
        var document = RealisticDocuments.Checkout();
        var root = JsonDocument.Parse(ReportFormats.Render(OutputFormat.Speedscope, document)).RootElement;
        var frames = root.GetProperty("shared").GetProperty("frames").EnumerateArray().ToList();
        long[] expected =
        [
            document.SlowPolls.Sum(p => p.OnCpuNs + p.BlockedNs),
            document.SlowPolls.Sum(p => p.OnCpuNs),
            document.SlowPolls.Sum(p => p.BlockedNs),
            document.SlowPolls.Sum(p => p.RunQueueNs),
        ];
        foreach (var (profile, sum) in root.GetProperty("profiles").EnumerateArray().Zip(expected))
        {
            Assert.Equal(sum, profile.GetProperty("endValue").GetInt64());
            Assert.Equal(sum, profile.GetProperty("weights").EnumerateArray().Sum(w => w.GetInt64()));
            Assert.Equal(
                profile.GetProperty("weights").GetArrayLength(),
                profile.GetProperty("samples").GetArrayLength()
            );
            Assert.All(
                profile.GetProperty("samples").EnumerateArray().SelectMany(s => s.EnumerateArray()),
                f => Assert.InRange(f.GetInt32(), 0, frames.Count - 1)
            );
        }

        Assert.Contains(
            frames,
            f =>
                f.GetProperty("name").GetString() == "checkout::login"
                && f.GetProperty("file").GetString() == "src/login.rs"
                && f.GetProperty("line").GetInt32() == 42
        );
    }
}
