namespace Hud.Analysis;

/// <summary>Hears of slow polls and long waits once a <see cref="PollAggregator"/> has decided what they were.</summary>
public interface IPollListener
{
    /// <summary>A slow poll is over, or its worker had handed its queue over.</summary>
    void Add(in PollRecord poll);

    /// <summary>More is known of the last poll of a thread.</summary>
    void Replace(in PollRecord poll);

    /// <summary>Long waits of one task type, whatever they were behind.</summary>
    void AddWait(TaskTypeId waiting, WaitSum sum);

    /// <summary>Long waits of one task type behind a hotspot.</summary>
    void AddBehind(TaskTypeId waiting, RawKey behind, WaitSum sum);

    /// <summary>Long waits that are in no sum.</summary>
    void AddCut(long waits);
}
