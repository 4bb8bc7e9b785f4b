using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Tests.Support;

/// <summary>Stacks written as one string: frames leaf first, separated by " &lt; ", classified as the symbolizer would.</summary>
internal static class Named
{
    public static Frame Frame(string function, string? file = null, int line = 0, bool inlined = false) =>
        new(function, file, line, inlined, FrameClassifier.Classify(function, file), "/app/checkout");

    public static Frame[] Of(string leafFirst) =>
        [
            .. leafFirst
                .Split(" < ", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(f => Frame(f)),
        ];

    public static Frame Kernel(string function) => new(function, null, 0, Inlined: false, FrameKind.Kernel, "[kernel]");
}
