using System.Text.Json;
using System.Text.Json.Serialization;
using Hud.Analysis;
using Hud.Reports.Formats;
using Hud.Reports.Text;

namespace Hud.Reports;

/// <summary>JSON of what only reports know, by the rules of the profile document.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    NewLine = "\n"
)]
[JsonSerializable(typeof(ProfileDiff))]
[JsonSerializable(typeof(TargetsDocument))]
[JsonSerializable(typeof(IReadOnlyList<FleetRow>))]
[JsonSerializable(typeof(IReadOnlyList<PolicyRow>))]
public sealed partial class ReportsJson : JsonSerializerContext
{
    /// <summary>The same on one line, for files of a bounded size.</summary>
    public static ReportsJson Compact =>
        _compact ??= new(new JsonSerializerOptions(Default.Options!) { WriteIndented = false });

    private static ReportsJson? _compact;
}
