using Hud.Core.Profile;

namespace Hud.Reports.Formats;

/// <summary>Makes a rendering fit its bound by rendering ever smaller documents.</summary>
internal static class SizeFit
{
    // 2^-14 of 100,000 slow polls is 6: further steps would change nothing
    private const int MaxLevel = 16;

    public static byte[] Render(
        ProfileDocument document,
        int maxBytes,
        out bool truncated,
        Func<ProfileDocument, byte[]> render
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBytes, ReportFormats.MinBytes);
        byte[] bytes = render(document);
        truncated = document.Truncated;
        int level = 0;
        while (bytes.Length > maxBytes)
        {
            truncated = true;
            // a first guess from the overshoot saves renderings: the size is about linear in what is kept
            level = level == 0 ? Math.Max(1, (int)Math.Log2((double)bytes.Length / maxBytes)) : level + 1;
            if (level > MaxLevel)
                throw new InvalidOperationException(
                    $"cannot fit a profile into {maxBytes} bytes: {bytes.Length} are left with everything cut"
                );
            bytes = render(ProfileCut.At(document, level));
        }

        return bytes;
    }
}
