using System.Text;
using System.Text.Json.Nodes;
using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Tests.Documents;

namespace Hud.Reports.Tests.Schema;

/// <summary>The published schema against the type, and documents against the schema by a validator that is not ours (python3-jsonschema).</summary>
public sealed class ProfileSchemaTests
{
    private static readonly string SchemaPath = Path.Combine(Tool.Repository, "docs", "schema", "profile.schema.json");

    // not the first python3 on PATH: the package is installed for this one
    private const string Python = "/usr/bin/python3";

    private const string Validate = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        checker = jsonschema.Draft202012Validator(schema)
        checker.check_schema(schema)
        for error in list(checker.iter_errors(json.load(open(sys.argv[2]))))[:10]:
            print("/".join(map(str, error.absolute_path)) + ": " + error.message[:200])
        """;

    [Fact]
    public void The_published_schema_is_that_of_the_type_field_by_field()
    {
        string made = SchemaWriter.Write();
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(SchemaPath, made);
        Assert.Equal(File.ReadAllText(SchemaPath), made);
    }

    [Fact]
    public void Every_duration_and_every_top_level_field_is_described_or_plain()
    {
        var schema = JsonNode.Parse(File.ReadAllText(SchemaPath))!;
        Assert.Equal(
            [
                "schemaVersion",
                "session",
                "agent",
                "verdict",
                "verdictLevel",
                "summary",
                "lookBack",
                "targets",
                "hotspots",
                "tasks",
                "workers",
                "stalls",
                "stackTable",
                "slowPolls",
                "losses",
                "overhead",
                "warnings",
                "truncated",
            ],
            schema["properties"]!.AsObject().Select(p => p.Key)
        );
        Assert.Contains(
            "Entry i counts",
            (string?)schema["$defs"]!["Hotspot"]!["properties"]!["histogram"]!["description"]
        );
    }

    [Fact]
    public void Real_merged_cut_hostile_and_empty_documents_are_valid()
    {
        foreach (
            var document in new[]
            {
                RealisticDocuments.Checkout(),
                RealisticDocuments.Hostile(),
                RealisticDocuments.NoData(),
                RealisticDocuments.Healthy() with
                {
                    LookBack = new LookBack { WantedNs = 120_000_000_000 },
                },
                RealisticDocuments.Healthy(),
                new ProfileDocument(),
                ProfileMerge.Merge([RealisticDocuments.Checkout(), RealisticDocuments.Checkout(2)]),
                ProfileCut.At(RealisticDocuments.Large(600, 2000), 9),
            }
        )
        {
            Assert.Equal("", Errors(ReportFormats.Render(OutputFormat.Report, document)));
        }
    }

    [Theory]
    [InlineData("\"rank\":1,", "\"rank\":\"one\",", "hotspots/0/rank")]
    [InlineData("\"cause\":\"OnCpu\"", "\"cause\":\"Magic\"", "cause")]
    [InlineData("\"verdict\":", "\"verdikt\":", "verdikt")]
    [InlineData("hud.dev/profile/v1alpha1", "hud.dev/profile/v9", "schemaVersion")]
    public void A_wrong_document_is_refused(string right, string wrong, string named)
    {
        string json = Encoding.UTF8.GetString(ReportFormats.Render(OutputFormat.Report, RealisticDocuments.Checkout()));
        Assert.Contains(named, Errors(Encoding.UTF8.GetBytes(json.Replace(right, wrong, StringComparison.Ordinal))));
    }

    private static string Errors(byte[] json)
    {
        Tool.Need(
            File.Exists(Python) && Directory.Exists("/usr/lib/python3/dist-packages/jsonschema"),
            "python3-jsonschema is not installed (scripts/install.sh test)"
        );
        using var file = Tool.File("report.json", json);
        return Tool.Run(Python, ["-c", Validate, SchemaPath, file.Path]);
    }
}
