// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What lines of the log look like.
enum LogFormat: String {
    /// For people where standard error is a terminal, else JSON.
    case auto
    /// For people.
    case text
    /// One JSON object a line.
    case json

    /// Whether lines are JSON.
    var isJSON: Bool {
        switch self {
        case .auto: !Terminal.isInteractive
        case .text: false
        case .json: true
        }
    }
}
