using System.Text.Json;
using System.Text.Json.Serialization;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Core;

/// <summary>
/// JSON of everything that crosses a process border: camelCase, enums as names, nothing by reflection. Contract types have
/// setters rather than init accessors: the source generator gives an absent init property default(T), not the type's default.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    AllowOutOfOrderMetadataProperties = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 64
)]
[JsonSerializable(typeof(ProfilingSession))]
[JsonSerializable(typeof(ProfilingSessionSpec))]
[JsonSerializable(typeof(ProfilingSessionStatus))]
[JsonSerializable(typeof(ObjectMetadata))]
[JsonSerializable(typeof(ProfilingPolicySpec))]
[JsonSerializable(typeof(ProfilingPolicyStatus))]
[JsonSerializable(typeof(ProfileDocument))]
[JsonSerializable(typeof(AgentTask))]
[JsonSerializable(typeof(IReadOnlyList<AgentTarget?>))]
[JsonSerializable(typeof(IReadOnlyList<LookBackRequest?>))]
[JsonSerializable(typeof(StreamMessage))]
[JsonSerializable(typeof(PreflightReport))]
public sealed partial class HudJson : JsonSerializerContext
{
    /// <summary>The same contract, indented, for files that people read.</summary>
    public static HudJson Indented =>
        _indented ??= new(new JsonSerializerOptions(Default.Options!) { WriteIndented = true, NewLine = "\n" });

    private static HudJson? _indented;
}
