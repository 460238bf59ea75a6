// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// Why a scenario file is not one, and where; its writer is at fault.
public struct ScenarioError: Error, Hashable, Sendable {
    /// What is wrong.
    public let message: String
    /// The word that was most likely meant.
    public let suggestion: String?
    /// The place in the file; nil when it concerns no place.
    public let place: JSONPlace?

    init(_ error: JSONError) {
        message = "\(error.kind)"
        suggestion = nil
        place = JSONPlace(line: error.line, column: error.column)
    }

    init(_ error: JSONMemberError, in text: [UInt8]) {
        let place = error.pointer == .root ? "" : ", at \(error.pointer)"
        let fault =
            switch error.kind {
            case .unknownMember(let name, _, _): "the member '\(name)' is not known"
            case .missingMember(let name): "the member '\(name)' is missing"
            case .wrongKind(let expected, let found): "must be \(expected), not \(found)"
            case .outOfRange(let allowed): "must be \(allowed)"
            case .invalid(let expected, _): "must be \(expected)"
            }
        message = fault + place
        suggestion = error.suggestion
        self.place = JSONReader.place(of: error.pointer, in: text)
    }
}

extension ScenarioError: CustomStringConvertible {
    /// Line, column and what is wrong, the nearest word behind it.
    public var description: String {
        let start = place.map { "line \($0.line), column \($0.column): " } ?? ""
        return start + message + (suggestion.map { "; did you mean '\($0)'?" } ?? "")
    }
}
