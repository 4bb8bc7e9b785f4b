using System.Text.Json;
using Hud.Core;
using Hud.Core.Profile;
using Hud.Reports.Tests.Documents;

namespace Hud.Cli.Tests.Run;

public sealed class MergeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hud-merge-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string File(string name, Func<TargetProfile, TargetProfile>? change = null, string? version = null)
    {
        var document = RealisticDocuments.Checkout();
        document = document with
        {
            SchemaVersion = version ?? document.SchemaVersion,
            Targets =
            [
                .. document.Targets.Select(t => (change ?? (x => x))(t with { Pod = "checkout-0", PodUid = name })),
            ],
        };
        string path = Path.Combine(_folder, name);
        System.IO.File.WriteAllText(path, JsonSerializer.Serialize(document, HudJson.Default.ProfileDocument));
        return path;
    }

    private static (int Exit, string Output, string Error) Run(params string[] arguments)
    {
        using var hud = new HudProcess(null, ["merge", .. arguments]);
        return hud.Wait();
    }

    [Fact]
    public void Reports_of_two_clusters_become_one_in_the_format_of_the_ending()
    {
        string all = Path.Combine(_folder, "all.targets.json");
        var (exit, output, error) = Run($"eu={File("a.json")}", $"us={File("b.json")}", "-o", all);
        Assert.Equal((0, "", ""), (exit, output, error));
        var rows = JsonDocument.Parse(System.IO.File.ReadAllText(all)).RootElement.GetProperty("targets");
        Assert.Equal(
            ["eu/checkout-0", "us/checkout-0"],
            rows.EnumerateArray().Select(r => r.GetProperty("pod").GetString())
        );
    }

    [Fact]
    public void Without_a_file_it_is_a_report_on_stdout_that_show_takes()
    {
        var (exit, output, _) = Run($"eu={File("a.json")}", $"us={File("b.json")}");
        Assert.Equal(0, exit);
        var merged = JsonSerializer.Deserialize(output, HudJson.Default.ProfileDocument)!;
        Assert.Equal(2 * RealisticDocuments.Checkout().Summary.Polls, merged.Summary.Polls);
        using var show = new HudProcess(null, ["show", "-"]);
        show.Input.Write(output);
        show.Input.Close();
        Assert.Contains("on 2 targets", show.Wait().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_of_a_file_that_has_the_sign_is_a_file()
    {
        var (exit, output, error) = Run(Path.GetRelativePath(Environment.CurrentDirectory, File("x=1.json")));
        Assert.True(exit == 0, error);
        Assert.Contains("\"pod\": \"checkout-0\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_merged_is_said_with_the_next_step()
    {
        string a = File("a.json"),
            b = File("b.json");
        Refused($"{a}", b, "both have a pod checkout-0", "hud merge eu=a.json us=b.json -o all.json");
        Refused("eu=" + a, "us=" + a, "name each report once", "name each report once");
        Refused(a, File("c.json", version: "hud.dev/profile/v9"), "is a report of the version hud.dev/profile/v9", "");
        string none = Path.Combine(_folder, "none.json");
        System.IO.File.WriteAllText(none, "[]");
        Refused(a, none, "is not a report but a list", "");
        Refused(a, Path.Combine(_folder, "gone.json"), "cannot be read", "");
        Refused("-", "eu=-", "stdin can be read only once", "");
    }

    [Theory]
    [InlineData("all.xlsx", "the file extension .xlsx is unknown")]
    [InlineData("/no/such/folder/all.json", "there is no folder /no/such/folder")]
    public void A_place_that_cannot_be_written_is_said_before_anything_is_read(string output, string message)
    {
        var (exit, _, error) = Run("no-such-file.json", "-o", output);
        Assert.Equal(2, exit);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    private static void Refused(string first, string second, string why, string next)
    {
        var (exit, output, error) = Run(first, second);
        Assert.Equal((2, ""), (exit, output));
        Assert.Contains(why, error, StringComparison.Ordinal);
        Assert.Contains(next, error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error, StringComparison.Ordinal);
    }
}
