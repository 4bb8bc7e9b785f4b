using System.Text;
using System.Text.Json;
using Hud.Analysis;
using Hud.Cli.Commands;
using Hud.Cli.Run;
using Hud.Cli.Session;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Reports.Formats;
using Hud.Reports.Tests.Documents;
using Hud.Reports.Text;

namespace Hud.Cli.Tests.Run;

/// <summary>
/// A report is a file that somebody sent, a session file comes from anywhere, and the agent's stream from a program that looked into an
/// untrusted one: each is read, or refused with what is wrong.
/// </summary>
public sealed class ReadingFuzzTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"hud-fuzz-{Guid.NewGuid():N}.json");

    private static readonly byte[] Report = JsonSerializer.SerializeToUtf8Bytes(
        RealisticDocuments.Checkout(polls: 12),
        HudJson.Default.ProfileDocument
    );

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_damaged_report_is_shown_compared_merged_and_written_or_refused()
    {
        var whole = RealisticDocuments.Checkout(polls: 12);
        Fuzz.Run(
            "report",
            [Report],
            (bytes, random) =>
            {
                File.WriteAllBytes(_path, random.Next(4) == 0 ? bytes : JsonDamage.Of(Report, random));
                ProfileDocument document;
                try
                {
                    document = ReportFile.Load(_path);
                }
                catch (DiagnosticException e)
                {
                    Assert.Equal(DiagnosticKinds.BadUsage, e.Diagnostic.Kind);
                    return;
                }

                Assert.NotEmpty(TextReport.Render(document, 80, color: false));
                var (before, after) = random.Next(2) == 0 ? (document, whole) : (whole, document);
                Assert.NotEmpty(DiffText.Render(ProfileCompare.Compare(before, after), 80, color: false));
                Assert.NotNull(ProfileMerge.Merge([before, after]));
                var format = ReportFormats.All[random.Next(ReportFormats.All.Count)];
                Assert.NotEmpty(ReportFormats.Render(format.Format, document));
            }
        );
    }

    [Fact]
    public void A_damaged_session_file_is_read_or_refused_with_its_lines() =>
        Fuzz.Run(
            "session file",
            [
                .. Directory
                    .GetFiles(RepositoryRoot.PathOf("config", "samples"), "*.yaml")
                    .Order(StringComparer.Ordinal)
                    .Select(File.ReadAllBytes),
            ],
            (bytes, random) =>
            {
                try
                {
                    var session = SessionFile.Parse(
                        Encoding.UTF8.GetString(bytes),
                        random.Next(2) == 0 ? SessionScope.Cluster : SessionScope.Local
                    );
                    Assert.NotEmpty(JsonSerializer.SerializeToUtf8Bytes(session, HudJson.Default.ProfilingSession));
                }
                catch (SessionFileException e)
                {
                    Assert.NotEmpty(e.Errors);
                }
            }
        );

    [Fact]
    public void A_damaged_stream_is_counted_line_by_line()
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        writer.Write(new HelloMessage());
        writer.Write(new ProgressMessage { Hotspots = RealisticDocuments.Checkout(polls: 12).Hotspots });
        writer.WriteProfile(RealisticDocuments.Checkout(polls: 12));
        writer.Write(new EndMessage { Reason = "Completed" });
        Fuzz.Run(
            "stream",
            [output.ToArray()],
            (bytes, random) =>
            {
                var reader = new AgentStreamReader();
                var lines = new StreamLines();
                int at = 0;
                while (at < bytes.Length)
                {
                    int piece = Math.Min(random.Next(1, 70_000), bytes.Length - at);
                    lines.Push(bytes.AsSpan(at, piece), line => reader.Accept(line));
                    at += piece;
                }

                lines.End(line => reader.Accept(line));
                Assert.True(
                    reader.WaitingBytes <= StreamLimits.MaxCompressedProfileBytes + StreamLimits.ProfilePartBytes
                );
                Assert.True(
                    reader.MissingLines >= 0 && reader.BadLines >= 0,
                    $"{reader.MissingLines} {reader.BadLines}"
                );
                if (reader.Profile is { } profile)
                    Assert.NotEmpty(TextReport.Render(profile, 80, color: false));
            }
        );
    }
}
