// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The page behind the `type` of a problem: what causes it, what the gateway did, and what to do.
struct ProblemPage: Sendable {
    /// The last part of the problem's `type`.
    let name: String
    /// What leads to this problem.
    let cause: String
    /// What the gateway did, and did not do, when it met the problem.
    let gatewayDid: String
    /// What the caller or the operator can do.
    let whatToDo: String
    /// A command line that looks closer, if one helps.
    let look: String?

    init(_ name: String, cause: String, gatewayDid: String, whatToDo: String, look: String? = nil) {
        self.name = name
        self.cause = cause
        self.gatewayDid = gatewayDid
        self.whatToDo = whatToDo
        self.look = look
    }

    /// The page with another command line to look closer.
    private func looking(_ look: String) -> ProblemPage {
        ProblemPage(name, cause: cause, gatewayDid: gatewayDid, whatToDo: whatToDo, look: look)
    }

    /// Every page, sorted by name; one without a command line of its own has that of its kind.
    static let all: [ProblemPage] = [
        (requestPages, "curl -s $GATEWAY/openapi.yaml | less"),
        (resourcePages, "curl -s \"$GATEWAY/meters?limit=10\""),
        (valuePages, "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS\""),
        (meterPages, "curl -s -X POST $GATEWAY/meters/$METER/check"),
        (gatewayPages, "curl -s \"$GATEWAY/readyz?verbose=true\""),
        (orderPages, "curl -s \"$GATEWAY/audit?meter=$METER&limit=10\""),
    ]
    .flatMap { pages, usual in pages.map { $0.look == nil ? $0.looking(usual) : $0 } }
    .sorted { $0.name < $1.name }

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// The page of the problem with this name.
    static func named(_ name: String) -> ProblemPage? { byName[name] }

    /// The page as Markdown.
    var markdown: String {
        let kind = ProblemKind.named(name)
        var text = "# \(kind?.title ?? name)\n\n"
        if let kind { text += "Problem `\(name)`, HTTP status \(kind.status).\n\n" }
        text += "## Cause\n\n\(cause)\n\n"
        text += "## What the gateway did\n\n\(gatewayDid)\n\n"
        text += "## What to do\n\n\(whatToDo)\n"
        if let look { text += "\n```sh\n\(look)\n```\n" }
        return text
    }
}
