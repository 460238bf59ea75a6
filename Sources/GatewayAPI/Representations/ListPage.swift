// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText

/// One page of a list with the way to the next.
enum ListPage {
    /// Answers with a page; `next` is the query of the next one.
    static func answer<Item>(
        _ items: [Item],
        next: String?,
        _ write: (Item, inout JSONWriter) -> Void
    ) -> HTTPResponse {
        let response = HTTPResponse.json(reservingCapacity: 512 * (items.count + 1)) { writer in
            writer.beginObject()
            writer.name("items")
            writer.beginArray()
            for item in items { write(item, &writer) }
            writer.endArray()
            writer.member("next", next)
            writer.endObject()
        }
        guard let next else { return response }
        return response.with("Link", "<\(next)>; rel=\"next\"")
    }
}
