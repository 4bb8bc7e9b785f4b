using System.Text.Json;
using System.Text.Json.Serialization;
using Hud.Analysis;

namespace Hud.Reports;

/// <summary>JSON of what only reports know, by the rules of the profile document.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    NewLine = "\n"
)]
[JsonSerializable(typeof(ProfileDiff))]
public sealed partial class ReportsJson : JsonSerializerContext;
