using Hud.Bench;

switch (args)
{
    case ["unwind", .. var rest]:
        return UnwindBench.Run(rest);
    case ["names", .. var rest]:
        return NamesBench.Run(rest);
    case [Hud.Symbolization.SymbolizerServer.Verb, ..]:
        Hud.Symbolization.SymbolizerServer.RunIfAsked(args);
        return 0;
    case ["render", var report, var directory]:
        return RenderVerb.Run(report, directory);
    case ["page", .. var rest]:
        return await PageBench.RunAsync(rest);
    case ["pictures", var screens, var pictures]:
        await Pictures.WriteAsync(screens, pictures);
        return 0;
    case ["recording", var screens, var picture]:
        Recording.Write(screens, picture);
        return 0;
    case ["cockpit", .. var rest]:
        return CockpitBench.Run(rest);
    case ["overhead", .. var rest]:
        return OverheadBench.Run(rest);
    case ["twin", .. var rest]:
        return TwinBench.Run(rest);
    case ["large", .. var rest]:
        return LargeBench.Run(rest);
    case ["agent", .. var rest]:
        return AgentBench.Run(rest);
    case ["cluster", .. var rest]:
        return await ClusterBench.RunAsync(rest);
    case ["operator", .. var rest]:
        return await OperatorBench.RunAsync(rest);
    default:
        Console.Error.WriteLine(
            "usage: Hud.Bench unwind [ELF FILE ...] | names ELF FILE ... | page [DIRECTORY] | render REPORT.json DIRECTORY | pictures FROM TO | recording FROM TO.svg | cockpit [SECONDS] | overhead [ROUNDS [TARGET [TOOL]]] | twin [PAIRS] | agent [SECONDS] | large [SECONDS] | cluster ... | operator ..."
        );
        return 2;
}
