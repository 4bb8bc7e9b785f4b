using Hud.Core.Profile;

namespace Hud.Reports.Flame;

/// <summary>Fill by kind of frame: the user's code glows, everything else steps back. All carry the dark text below at 7:1 or better.</summary>
internal static class FlamePalette
{
    public const string Text = "#0b1016";

    public static string Fill(FrameKind kind) =>
        kind switch
        {
            FrameKind.User => "#ffb454",
            FrameKind.ThirdParty => "#7fb4d8",
            FrameKind.Std => "#8fa6b8",
            FrameKind.Runtime => "#a59d95",
            FrameKind.Native => "#b3a1d6",
            FrameKind.Kernel => "#d69ab8",
            _ => "#98a4b1",
        };
}
