// The unmodified OpenAI client for Node against a gateway that embeds: one line of JSON.
// Usage: node embed.mjs BASE_URL MODEL, with the key in OPENAI_API_KEY.
import OpenAI from "openai";

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({
  baseURL,
  maxRetries: 0,
  defaultHeaders: { "X-Purpose-Of-Use": "TREAT" },
});
const input = ["The patient has a fever.", "Her temperature is high.", "The bill was paid."];

// The client asks for base64 by itself and decodes it; encoding_format float is passed through.
const packed = await client.embeddings.create({ model, input });
const plain = await client.embeddings.create({ model, input, encoding_format: "float" });

async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { name: error.constructor.name, status: error.status, code: error.code, param: error.param };
  }
}

console.log(
  JSON.stringify({
    packed: packed.data.map((each) => Array.from(each.embedding)),
    plain: plain.data.map((each) => each.embedding),
    usage: packed.usage,
    empty: await failure(() => client.embeddings.create({ model, input: [] })),
  }),
);
