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
    /// Command lines that look closer at this problem.
    let look: String

    init(_ name: String, cause: String, gatewayDid: String, whatToDo: String, look: String) {
        self.name = name
        self.cause = cause
        self.gatewayDid = gatewayDid
        self.whatToDo = whatToDo
        self.look = look
    }

    /// Every page, sorted by name.
    static let all: [ProblemPage] = [requestPages, resourcePages, valuePages, meterPages, gatewayPages, orderPages]
        .flatMap { $0 }.sorted { $0.name < $1.name }

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
        text += "\n```sh\n\(look)\n```\n"
        text += "\n`$GATEWAY` is the address of the gateway, such as `http://127.0.0.1:8080`."
        text += " Where callers need a key, add `-H \"Authorization: Bearer $KEY\"`.\n"
        return text
    }
}
